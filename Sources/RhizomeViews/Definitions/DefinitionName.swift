public import Bytes
internal import RhizomeIdentity
public import SignedStatements

/// What a definition is called: a name and whose it is (spec: views.md, "Contexts"; schemas.md, "Names and storing").
///
/// NAME means this node's own, `NAME@did` that author's.
public struct DefinitionName: Hashable, Sendable {
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
}
