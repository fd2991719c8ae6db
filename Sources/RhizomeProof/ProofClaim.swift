public import Bytes
internal import DeterministicCBOR
public import RhizomeCore
public import SignedStatements
public import StrictJSON

/// What a proof claims: an entity's values, seen in a certain way (spec: proof.md).
public struct ProofClaim: Hashable, Sendable {
    /// The value of one property.
    public struct Property: Hashable, Sendable {
        /// The property's name.
        public let name: Text
        /// The value as its resolver gives it, in deterministic CBOR.
        public let value: [UInt8]
        /// The resolver's name: see `StandardResolver`.
        public let resolver: Text

        /// A property's value.
        public init(name: Text, value: [UInt8], resolver: Text) {
            self.name = name
            self.value = value
            self.resolver = resolver
        }

        /// A property's value.
        public init(name: Text, value: JSONValue, resolver: Text) {
            self.init(name: name, value: value.cbor.encoded, resolver: resolver)
        }

        /// The value as JSON, objects by their members' names; `nil` where it is none.
        ///
        /// - Complexity: O(*n*) in time, and in memory several times the value's bytes.
        public var json: JSONValue? {
            var reader = CBORReader(value)
            return (try? reader.value()).flatMap { JSONValue($0) }
        }
    }

    /// An author's heads as the maker held them.
    public struct Heads: Hashable, Sendable {
        /// The author.
        public let author: PublicKey
        /// The ids.
        public let ids: [DeltaID]

        /// An author's heads.
        public init(author: PublicKey, ids: [DeltaID]) {
            self.author = author
            self.ids = ids
        }
    }

    /// The entity.
    public let entity: Text
    /// Under which name the entity is looked at; `nil` where under none.
    public let collection: Text?
    /// By the bytes of the names, each once.
    public let properties: [Property]
    /// How the maker looked.
    public let perspective: ProofPerspective
    /// Whether the evidence holds, for each author of ``heads``, every delta at or below these, whole.
    public let isComplete: Bool
    /// Where the logs stood of whose deltas the value is made.
    public let heads: [Heads]
    /// When it was made by the maker's clock: a remark.
    public let made: Timestamp
    /// Who says to have made it: a remark.
    public let maker: PublicKey?

    /// A claim; whether the evidence supports it is another question.
    public init(
        entity: Text,
        collection: Text?,
        properties: [Property],
        perspective: ProofPerspective,
        isComplete: Bool,
        heads: [Heads],
        made: Timestamp,
        maker: PublicKey?
    ) {
        self.entity = entity
        self.collection = collection
        self.properties = properties
        self.perspective = perspective
        self.isComplete = isComplete
        self.heads = heads
        self.made = made
        self.maker = maker
    }
}
