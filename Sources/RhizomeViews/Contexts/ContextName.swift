public import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
public import SignedStatements

/// What a context is called: a name and whose it is (spec: views.md, "Contexts").
///
/// NAME means this node's own, `NAME@did` that author's.
public struct ContextName: Hashable, Sendable {
    /// The name that the author gave it.
    public let name: Text
    /// Whose definition is meant.
    public let author: PublicKey

    /// A name of an author's.
    public init(_ name: Text, by author: PublicKey) {
        self.name = name
        self.author = author
    }

    /// Reads what a person typed; `nil` where nobody goes by what follows the last `@`.
    ///
    /// - Parameters:
    ///   - own: whose node it is.
    ///   - identity: the author that a text names.
    public init?(_ text: Text, own: PublicKey, identity: (String) -> PublicKey?) {
        guard let sign = text.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            self.init(text, by: own)
            return
        }
        // Cut at an ASCII byte, both sides are texts.
        let rest = Substring(text.utf8[text.utf8.index(after: sign)...])
        guard let author = identity(String(rest)) else { return nil }
        self.init(Text(String(Substring(text.utf8[..<sign]))), by: author)
    }

    /// NAME for one of this node's own, `NAME@did` for another's.
    ///
    /// One's own name that holds an `@` is told with the did too, or it would be read as another's.
    public func text(own: PublicKey) -> Text {
        author == own && !name.utf8.contains(UInt8(ascii: "@")) ? name : Text("\(name)@\(author.did)")
    }

    /// Refuses a name that can't be given to a context: reserved, empty, too long, or with an `@`.
    ///
    /// - Throws: ``FieldError`` at `name`.
    public static func check(_ name: Text) throws(FieldError) {
        let field = "name"
        try FieldError.checkName(name, field: field)
        guard !ControlName.isReserved(name) else {
            throw FieldError(.reserved, field: field, "names that begin with _ are reserved")
        }
        guard !name.utf8.contains(UInt8(ascii: "@")) else {
            throw FieldError(.value, field: field, "a context is written under its name alone: @ names another's")
        }
    }
}
