import Bytes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import Testing

@Suite struct DefinitionNameTests {
    @Test("a name alone is one's own, and what follows the last @ names another author")
    func parsing() throws {
        let own = try TestAuthors.signer("own").publicKey
        let ann = try TestAuthors.signer("ann").publicKey
        func name(_ text: Text) -> DefinitionName? { DefinitionName(text, own: own) { PublicKey(did: $0) } }
        #expect(name("mine") == DefinitionName("mine", by: own))
        #expect(name(Text("hers@\(ann.did)")) == DefinitionName("hers", by: ann))
        #expect(name(Text("mine@\(own.did)")) == DefinitionName("mine", by: own))
        #expect(name(Text("a@b@\(ann.did)")) == DefinitionName("a@b", by: ann))
        #expect(name("hers@nobody") == nil)
        #expect(name("hers@") == nil)
        #expect(name("") == DefinitionName("", by: own))
    }

    @Test("names that are told are read as what they are")
    func told() throws {
        let own = try TestAuthors.signer("own").publicKey
        let ann = try TestAuthors.signer("ann").publicKey
        for name in ["mine", "a@b", "@", "", "\u{e9}\u{0}", Text("x@\(ann.did)")] as [Text] {
            for author in [own, ann] {
                let context = DefinitionName(name, by: author)
                #expect(DefinitionName(context.text(own: own), own: own) { PublicKey(did: $0) } == context)
            }
        }
        #expect(DefinitionName("mine", by: own).text(own: own) == "mine")
        #expect(DefinitionName("mine", by: ann).text(own: own) == Text("mine@\(ann.did)"))
    }

    @Test("a context can't be given a reserved name, none, one with an @, or one of more than 1,024 bytes")
    func check() throws {
        try ContextDefinition.checkName("mine")
        try ContextDefinition.checkName(Text(String(repeating: "n", count: 1_024)))
        for (name, code) in [
            ("_mine", .reserved), ("", .value), ("a@b", .value), (Text(String(repeating: "n", count: 1_025)), .limit),
        ] as [(Text, FieldError.Code)] {
            #expect(try #require(throws: FieldError.self) { try ContextDefinition.checkName(name) }.code == code)
        }
    }
}
