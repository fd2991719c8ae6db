public import Bytes
internal import StrictJSON

/// Which resolver a property has, by the collection in which its entity is looked at (spec: http.md, `resolvers`).
public struct ResolverTable: Hashable, Sendable {
    /// Stands for every collection that doesn't name the property itself.
    public static let anyCollection: Text = "*"

    /// Collection or `*` → property → resolver.
    public let named: [Text: [Text: StandardResolver]]

    /// A table; empty, every property has its last write.
    public init(_ named: [Text: [Text: StandardResolver]] = [:]) { self.named = named }

    /// The resolver that is named for a property, the collection's own before that of `*`; `nil` where there is none.
    ///
    /// - Parameter collection: under which name the entity is looked at; only `*` counts where `nil`.
    public func resolver(of property: Text, in collection: Text?) -> StandardResolver? {
        if let collection, let own = named[collection]?[property] { return own }
        return named[Self.anyCollection]?[property]
    }

    /// `{collection: {property: resolver}}`, by the bytes of the names.
    var json: JSONValue {
        var table = JSONObject()
        for (collection, properties) in named.sorted(by: { $0.key < $1.key }) {
            var row = JSONObject()
            for (property, resolver) in properties.sorted(by: { $0.key < $1.key }) {
                row.append(property, .string(resolver.rawValue))
            }
            table.append(collection, .object(row))
        }
        return .object(table)
    }
}
