package import Bytes
package import RhizomeCore
package import StrictJSON

/// An entity as a row of a relation (spec: query.md, `entities`).
package struct EntityRow: Sendable {
    /// A property of it.
    package struct Cell: Sendable {
        /// The property.
        package let property: Text
        /// Its value; `nil` where it has none.
        package let value: JSONValue?
        /// The deltas whose value it is, where that is asked for.
        package let because: [DeltaID]
    }

    /// Bytes of a cell besides its value, about.
    static let cellBytes = 80

    /// The entity's id.
    package let id: Text
    /// The first delta that refers to it, where that is asked for.
    package let because: [DeltaID]
    /// Its properties, in the order in which they were asked for, or by their names.
    package let cells: [Cell]
}
