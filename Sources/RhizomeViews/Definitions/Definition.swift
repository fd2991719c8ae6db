public import Bytes
public import StrictJSON

/// A document that an author keeps under a name, as a delta (spec: schemas.md, "Names and storing"; views.md, "Contexts").
///
/// The last one that its author wrote and nobody took back counts; the delta's id is its version.
public protocol Definition: Sendable {
    /// The local context of the pointer that names it: `_context`.
    static var localContext: Text { get }
    /// What people call one of this kind: `context`.
    static var kind: String { get }

    /// Refuses a name that none of this kind can be written under.
    ///
    /// - Throws: ``FieldError`` at `name`.
    static func checkName(_ name: Text) throws(FieldError)

    /// Reads it as it is stored, with the limits of what is stored.
    ///
    /// - Throws: ``FieldError``, ``JSONLogicError`` or ``JSONError``, with the way to the fault.
    init(stored text: Text) throws

    /// The JSON form: the same text each time.
    var json: JSONValue { get }
    /// About how many bytes of memory it takes besides its JSON.
    var approximateBytes: Int { get }
}
