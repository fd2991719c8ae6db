public import Bytes

extension [Pointer] {
    /// The pointers of a delta that introduces a key (spec: meeting.md, "Introductions").
    ///
    /// - Parameter subject: the key's did.
    public static func introduction(of subject: Text, name: Text, addresses: [Text], may: [Text]) -> [Pointer] {
        [
            Pointer(ControlName.introduces, entity: subject, targetContext: ControlName.introducedBy),
            Pointer("name", .text(name)),
        ] + addresses.map { Pointer("address", .text($0)) } + may.map { Pointer("may", .text($0)) }
    }

    /// Those whom a delta introduces, whatever it says of them.
    public var introduced: [Text] {
        compactMap { pointer in
            guard pointer.localContext == ControlName.introduces, let (id, context) = pointer.entity,
                context == ControlName.introducedBy
            else { return nil }
            return id
        }
    }

    /// Whether a delta introduces this one.
    public func introduces(_ subject: Text) -> Bool {
        contains(Pointer(ControlName.introduces, entity: subject, targetContext: ControlName.introducedBy))
    }
}
