public import Bytes
internal import RhizomeCore
internal import StrictJSON

extension ContextDefinition: Definition {
    /// `_context`.
    public static let localContext = ControlName.context
    /// What people call one.
    public static let kind = "context"

    /// Refuses a name that can't be given to a context: reserved, empty, too long, or with an `@`.
    public static func checkName(_ name: Text) throws(FieldError) {
        let field = "name"
        try FieldError.checkName(name, field: field)
        guard !ControlName.isReserved(name) else {
            throw FieldError(.reserved, field: field, "names that begin with _ are reserved")
        }
        guard !name.utf8.contains(UInt8(ascii: "@")) else {
            throw FieldError(.value, field: field, "a context is written under its name alone: @ names another's")
        }
    }

    /// Reads a definition as it is stored, at most 256 KiB.
    public init(stored text: Text) throws {
        try self.init(json: try JSONValue(parsing: Array(text.utf8), limits: JSONLimits(bytes: DeltaLimits.bodyBytes)))
    }

    /// A compiled rule takes up to 23 times its text, measured: that of the costliest rules.
    public var approximateBytes: Int {
        let keys = ranking.count + (moderators?.count ?? 0)
        return Bytes32.count * keys + 23 * (filter.map { $0.json.encoded.count } ?? 0)
    }
}
