public import Bytes
public import RhizomeCore
public import SignedStatements
public import StrictJSON

/// Who said what an entity is, property by property, and what their words won over (spec: cli.md, `blame`).
public struct EntityBlame: Sendable {
    /// What a delta says of a property.
    public struct Word: Hashable, Sendable {
        /// The delta.
        public let delta: DeltaID
        /// Who said it.
        public let creator: PublicKey
        /// When, as its author dated it.
        public let timeCreated: Timestamp
        /// The value that it gives the property; `nil` where it gives none.
        public let value: Value?
    }

    /// What a delta says of a property that isn't its value.
    public struct Overruled: Hashable, Sendable {
        /// What it says.
        public let word: Word
        /// Why that doesn't count.
        public let why: Overruling
    }

    /// A property with all that was said of it.
    public struct Property: Sendable {
        /// The property's name.
        public let name: Text
        /// Its value; `nil` where it has none.
        public let value: JSONValue?
        /// How the value is made of what was said.
        public let resolver: StandardResolver
        /// On what the value rests, the newest first.
        public let because: [Word]
        /// What else was said, the newest first, as much as was asked for.
        public let over: [Overruled]
        /// How many deltas say something else in all; one that names the property in several ways may count as several
        /// where not all were asked for.
        public let overCount: Int64
    }

    /// The entity.
    public let id: Text
    /// The state of the log that is shown: all deltas up to this position.
    public let position: Int64
    /// The properties of which anything was said, by the bytes of their names.
    public let properties: [Property]
}
