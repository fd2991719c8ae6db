public import Bytes

extension DefinitionName {
    /// Bytes of a name under which a schema, a query or a function is kept.
    private static let mostBytes = 64

    /// Refuses what isn't 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-` (spec: schemas.md, "Names and storing").
    ///
    /// - Parameter kind: what people call one of this kind.
    /// - Throws: ``FieldError`` at `name`.
    public static func check(_ name: Text, kind: String) throws(FieldError) {
        guard isPlain(name.utf8) else {
            throw FieldError(
                .value,
                field: "name",
                "the name of a \(kind) is 1 to \(mostBytes) letters, digits, dots, underscores and hyphens (A-Z a-z 0-9 . _ -)"
            )
        }
    }

    /// Whether bytes are a name that ``check(_:kind:)`` takes.
    static func isPlain(_ bytes: some Collection<UInt8>) -> Bool {
        (1...mostBytes).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
