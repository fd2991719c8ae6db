import Bytes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import Testing

@Suite struct ContextNameTests {
    @Test("a name alone is one's own, and what follows the last @ names another author")
    func parsing() throws {
        let own = try TestAuthors.signer("own").publicKey
        let ann = try TestAuthors.signer("ann").publicKey
        func name(_ text: Text) -> ContextName? { ContextName(text, own: own) { PublicKey(did: $0) } }
        #expect(name("mine") == ContextName("mine", by: own))
        #expect(name(Text("hers@\(ann.did)")) == ContextName("hers", by: ann))
        #expect(name(Text("mine@\(own.did)")) == ContextName("mine", by: own))
        #expect(name(Text("a@b@\(ann.did)")) == ContextName("a@b", by: ann))
        #expect(name("hers@nobody") == nil)
        #expect(name("hers@") == nil)
        #expect(name("") == ContextName("", by: own))
    }

    @Test("names that are told are read as what they are")
    func told() throws {
        let own = try TestAuthors.signer("own").publicKey
        let ann = try TestAuthors.signer("ann").publicKey
        for name in ["mine", "a@b", "@", "", "\u{e9}\u{0}", Text("x@\(ann.did)")] as [Text] {
            for author in [own, ann] {
                let context = ContextName(name, by: author)
                #expect(ContextName(context.text(own: own), own: own) { PublicKey(did: $0) } == context)
            }
        }
        #expect(ContextName("mine", by: own).text(own: own) == "mine")
        #expect(ContextName("mine", by: ann).text(own: own) == Text("mine@\(ann.did)"))
    }

    @Test("a context can't be given a reserved name, none, one with an @, or one of more than 1,024 bytes")
    func check() throws {
        try ContextName.check("mine")
        try ContextName.check(Text(String(repeating: "n", count: 1_024)))
        for (name, code) in [
            ("_mine", .reserved), ("", .value), ("a@b", .value), (Text(String(repeating: "n", count: 1_025)), .limit),
        ] as [(Text, FieldError.Code)] {
            #expect(try #require(throws: FieldError.self) { try ContextName.check(name) }.code == code)
        }
    }
}
