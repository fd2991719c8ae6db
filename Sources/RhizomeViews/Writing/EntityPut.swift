public import Bytes
public import RhizomeCore
public import StrictJSON

/// What somebody wants an entity's properties to be, and which deltas make it so (spec: http.md, PUT).
public struct EntityPut: Hashable, Sendable {
    /// A property and the value that it is to have; null clears it.
    public struct Property: Hashable, Sendable {
        /// The property's name.
        public let name: Text
        /// Its value.
        public let value: Value
    }

    /// A property and all the values that it is to have, where a schema says that it has many.
    public struct List: Hashable, Sendable {
        /// The property's name.
        public let name: Text
        /// Its values, as they were given.
        public let values: [Value]
    }

    /// What a writer sees of the entity, as far as it matters.
    public struct Current: Sendable {
        /// The last statement of each property that is named, as last-write-wins takes them; absent where there is none.
        public let last: [Text: Assertion]
        /// Whether a visible delta refers to the entity under the collection.
        public let isReferenced: Bool

        /// What is seen.
        public init(last: [Text: Assertion], isReferenced: Bool) {
            self.last = last
            self.isReferenced = isReferenced
        }
    }

    /// The property that is never written: it is the entity's id.
    public static let idProperty: Text = "id"
    /// Properties of one PUT at most (spec: http.md), `id` not counted: each is a delta to sign, in one transaction.
    public static let mostProperties = 1_024

    /// The local context under which the deltas refer to the entity.
    public let collection: Text
    /// The entity's id.
    public let id: Text
    /// The properties that were named, without `id`, in the order given.
    public let properties: [Property]
    /// The properties that were named with an array, in the order given: written through schemas alone.
    public let lists: [List]
    /// Whether every one of them is to be said in the writer's own name, whatever is said already (`?say=all`).
    public let saysAll: Bool

    /// Takes what was asked for.
    ///
    /// - Parameters:
    ///   - saysAll: whether to say what is said already too: for `sum`, `majority` and `by-author`, to which each
    ///     author's own word matters.
    ///   - takesLists: whether an array may be given, where a schema will say that the property has many values.
    /// - Throws: ``FieldError``: `reserved` for a property that begins with `_` and for what http.md reserves, `type` for
    ///   an array or an object as value, and for one in a list, `value` for an empty name, `limit` for one of more
    ///   than 1,024 bytes, `count` for more than ``mostProperties``, before any of them is looked at. The field is
    ///   `collection`, `id`, the property's name, or `properties`.
    public init(
        collection: Text,
        id: Text,
        properties: JSONObject,
        saysAll: Bool = false,
        takesLists: Bool = false
    ) throws(FieldError) {
        try FieldError.checkName(collection, field: "collection")
        try ReservedNames.check(collection: collection)
        try FieldError.checkName(id, field: "id")
        try ReservedNames.check(id: id)
        self.collection = collection
        self.id = id
        self.saysAll = saysAll
        let count = properties.count - (properties[Self.idProperty] == nil ? 0 : 1)
        guard count <= Self.mostProperties else {
            throw FieldError(
                .count,
                field: "properties",
                "one PUT has at most \(Self.mostProperties) properties, and this has \(count): write it in parts"
            )
        }
        var checked: [Property] = []
        var lists: [List] = []
        for member in properties.members where member.name != Self.idProperty {
            let field = member.name.string
            try FieldError.checkName(member.name, field: field)
            guard !ControlName.isReserved(member.name) else {
                throw FieldError(.reserved, field: field, "names that begin with _ are reserved")
            }
            if takesLists, let items = member.value.array {
                let values = items.compactMap { Value($0) }
                guard values.count == items.count else { throw Self.noValue(member.name) }
                lists.append(List(name: member.name, values: values))
            } else {
                guard let value = Value(member.value) else { throw Self.noValue(member.name) }
                checked.append(Property(name: member.name, value: value))
            }
        }
        self.properties = checked
        self.lists = lists
    }

    private static func noValue(_ property: Text) -> FieldError {
        FieldError(.type, field: property.string, "a property's value is a text, a number, true, false or null")
    }

    /// What is said of an array where no schema says that the property has many values.
    static func noList(_ property: Text) -> FieldError {
        FieldError(
            .type,
            field: property.string,
            "a property's value is a text, a number, true, false or null; many are for one of which a schema says so"
        )
    }

    /// Clears what an entity has, as far as a PUT can.
    ///
    /// - Returns: one for each ``mostProperties`` of its properties, since others may have given it more; at least one.
    /// - Throws: ``FieldError`` for the collection and the id, as the initializer.
    public static func clearing(_ view: EntityView, collection: Text) throws(FieldError) -> [EntityPut] {
        var puts: [EntityPut] = []
        for names in view.valued.isEmpty ? [[]] : view.valued.chunks(of: mostProperties) {
            var properties = JSONObject()
            for name in names { properties.append(name, .null) }
            puts.append(try EntityPut(collection: collection, id: view.id, properties: properties))
        }
        return puts
    }

    /// The deltas that make the entity so: one for each property that changes, none where nothing does.
    ///
    /// More than one form a transaction, its size delta first: they are to be written in this order, all or none. A
    /// property changes where its value has other CBOR bytes than last-write-wins shows, and, whatever it shows, where no
    /// visible delta refers to the entity under this collection, in which it would not be found else. Null changes nothing
    /// of a property that has neither a value nor a null. Where all are to be said (``saysAll``), all are.
    ///
    /// - Parameters:
    ///   - current: what the writer sees of the entity, as of now.
    ///   - transaction: a name that no transaction has, taken where one is needed.
    public func deltas(changing current: Current, transaction: @autoclosure () -> Text) -> [PlannedDelta] {
        changes(of: current).together(in: transaction())
    }

    /// The same, without what makes them a transaction.
    func changes(of current: Current) -> [PlannedDelta] {
        let changes = properties.filter { property in
            if saysAll { return true }
            guard let last = current.last[property.name] else { return property.value != .null }
            return !current.isReferenced || property.value != last.value
        }
        return changes.map { property in
            PlannedDelta(
                pointers: [
                    Pointer(collection, entity: id, targetContext: property.name),
                    Pointer(property.name, property.value),
                ],
                replacedTime: current.last[property.name]?.delta.timeCreated
            )
        }
    }

    /// The property about which a delta of this PUT is; `nil` where it is about none.
    package func property(of planned: PlannedDelta) -> Text? {
        planned.pointers.first { $0.localContext == collection && $0.entity?.id == id }?.entity?.targetContext
    }
}

extension EntityView {
    /// The properties with a value other than null that a PUT could have set, and can clear.
    ///
    /// Other deltas may give an entity properties by reserved names.
    fileprivate var valued: [Text] {
        properties.members.lazy
            .filter { $0.value != .null && $0.name != EntityPut.idProperty && !ControlName.isReserved($0.name) }
            .map(\.name)
    }

    /// Whether any property that a PUT can set has a value: not so for one that was deleted.
    public var hasValues: Bool { !valued.isEmpty }
}
