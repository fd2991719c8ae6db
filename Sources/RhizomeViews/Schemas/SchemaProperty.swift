public import Bytes
internal import IRegexp
public import StrictJSON

/// A property as a schema has it (spec: schemas.md, "The document").
public struct SchemaProperty: Sendable {
    /// What a value is.
    public enum Kind: String, CaseIterable, Sendable {
        /// A text, a number, true or false.
        case any
        case text
        /// A whole number within 64 bits.
        case integer
        /// Whole numbers too.
        case number
        case boolean
        /// Another entity, by its id.
        case reference
        /// What deltas of a relation say.
        case relation
    }

    /// A reference's part.
    public struct Reference: Hashable, Sendable {
        /// The schema of what is referred to; where there is one, it is shown through it.
        public let schema: Text?
        /// How many levels below it are shown.
        public let levels: Int
        /// The property of what is referred to that leads back.
        public let inverse: Text?
    }

    /// The name.
    public let name: Text
    /// What its values are.
    public let kind: Kind
    /// The local context of the pointer that holds the value.
    public let role: Text
    /// Whether it is an array of distinct values.
    public let isMany: Bool
    /// Whether it has to have a value.
    public let isRequired: Bool
    /// What stands in where no delta gives a value; never written.
    public let defaultValue: JSONValue?
    /// How what was said becomes the value; as everywhere where `nil`.
    public let resolver: StandardResolver?
    /// Whom it refers to, where it is a reference.
    public let reference: Reference?
    /// Which relation it lists, where it is one.
    public let relation: Text?
    /// What it is for.
    public let description: Text?
    let derived: DerivedRule?
    let limits: ValueLimits
}

/// What a value may be besides its kind; each part where it is given.
struct ValueLimits: Sendable {
    var least: JSONValue?
    var most: JSONValue?
    /// In Unicode scalars.
    var leastLength: Int?
    var mostLength: Int?
    var leastItems: Int?
    var mostItems: Int?
    var pattern: IRegexp?
    var oneOf: [JSONValue]?
}
