import Bytes
import StrictJSON
import Testing

@testable import RhizomeQueries

/// What is read for a query, and where selections stand.
@Suite struct QueryPlanTests {
    private static func bases(_ json: String) throws -> [QueryBase] {
        try QueryPlan(QueryFixtures.query("{\"query\":\(json)}")).bases
    }

    private static func entities(_ columns: [Text]?, ids: [Text]? = nil, of collection: Text = "user") -> QueryBase {
        .entities(
            QueryBase.Entities(
                collection: collection,
                schema: nil,
                columns: columns?.map { QueryExpression.Column($0, from: $0) },
                ids: ids
            )
        )
    }

    @Test("of entities the columns alone are read that matter")
    func columns() throws {
        let users = #"{"entities":{"of":"user","columns":["name","age","town"]}}"#
        let all = #"{"entities":{"of":"user"}}"#
        #expect(try Self.bases(users) == [Self.entities(["name", "age", "town"])])
        #expect(try Self.bases(all) == [Self.entities(nil)])
        #expect(
            try Self.bases(#"{"project":[{"select":[\#(users),{">":[{"var":"age"},3]}]},["name"]]}"#) == [
                Self.entities(["name", "age"])
            ]
        )
        #expect(try Self.bases(#"{"project":[\#(all),["id","name"]]}"#) == [Self.entities(["name"])])
        #expect(
            try Self.bases(#"{"group":[\#(all),{"by":["town"],"with":{"n":{"count":[]}}}]}"#) == [
                Self.entities(["town"])
            ]
        )
        // Which rows are one, or come first, may depend on all columns.
        #expect(
            try Self.bases(#"{"project":[{"union":[\#(users)]},["name"]]}"#) == [
                Self.entities(["name", "age", "town"])
            ]
        )
        #expect(
            try Self.bases(#"{"project":[{"order":[\#(users),[{"by":"age"}]]},["name"]]}"#) == [
                Self.entities(["name", "age", "town"])
            ]
        )
        let films = #"{"entities":{"of":"film","columns":{"title":"title","maker":"by","year":"year"}}}"#
        let joined =
            #"{"project":[{"join":[{"rename":[\#(users),{"id":"user"}]},\#(films),{"on":[["user","maker"]]}]},["title","town"]]}"#
        let maker = QueryExpression.Column("maker", from: "by")
        let title = QueryExpression.Column("title", from: "title")
        #expect(
            try Self.bases(joined) == [
                Self.entities(["town"]),
                .entities(QueryBase.Entities(collection: "film", schema: nil, columns: [title, maker], ids: nil)),
            ]
        )
        let semi =
            #"{"project":[{"join":[\#(users),{"rename":[\#(films),{"id":"film"}]},{"kind":"semi","on":[["id","maker"]]}]},["name"]]}"#
        #expect(
            try Self.bases(semi) == [
                Self.entities(["name"]),
                .entities(QueryBase.Entities(collection: "film", schema: nil, columns: [maker], ids: nil)),
            ]
        )
    }

    @Test("entities whose ids are told are looked up, through joins, unions and orders")
    func ids() throws {
        let users = #"{"entities":{"of":"user","columns":["name"]}}"#
        #expect(
            try Self.bases(#"{"select":[\#(users),{"==":[{"var":"id"},"u1"]}]}"#) == [
                Self.entities(["name"], ids: ["u1"])
            ]
        )
        #expect(
            try Self.bases(#"{"select":[\#(users),{"===":["u1",{"var":["id"]}]}]}"#) == [
                Self.entities(["name"], ids: ["u1"])
            ]
        )
        let two = #"{"select":[\#(users),{"and":[{"in":[{"var":"id"},["u2","u1","u1"]]},{"var":"name"}]}]}"#
        #expect(try Self.bases(two) == [Self.entities(["name"], ids: ["u1", "u2"])])
        let both =
            #"{"select":[{"select":[\#(users),{"in":[{"var":"id"},["u1","u2"]]}]},{"in":[{"var":"id"},["u2","u3"]]}]}"#
        #expect(try Self.bases(both) == [Self.entities(["name"], ids: ["u2"])])
        // A number is equal to more than one text.
        for rule in [
            #"{"==":[{"var":"id"},5]}"#, #"{"in":[{"var":"id"},["a",5]]}"#, #"{"==":[{"var":"name"},"u1"]}"#,
            #"{"or":[{"==":[{"var":"id"},"u1"]},true]}"#,
        ] {
            #expect(try Self.bases(#"{"select":[\#(users),\#(rule)]}"#) == [Self.entities(["name"])], "\(rule)")
        }
        let rule = #"{"==":[{"var":"id"},"u1"]}"#
        let other = #"{"entities":{"of":"film","columns":["year"]}}"#
        for (query, left, right) in [
            (#"{"order":[\#(users),[{"by":"name"}]]}"#, true, false), (#"{"join":[\#(users),\#(other)]}"#, true, true),
            (#"{"join":[\#(users),\#(other),{"kind":"left","on":["id"]}]}"#, true, false),
            (#"{"join":[\#(users),\#(other),{"kind":"anti","on":["id"]}]}"#, true, false),
            (#"{"limit":[{"order":[\#(users),[{"by":"name"}]]},3]}"#, false, false),
            (#"{"extend":[\#(users),{"x":{"var":"name"}}]}"#, true, false),
            (#"{"except":[\#(users),\#(users)]}"#, true, false),
        ] {
            let bases = try Self.bases(#"{"select":[\#(query),\#(rule)]}"#)
            #expect(bases.contains(Self.entities(["name"], ids: ["u1"])) == left, "\(query)")
            #expect(bases.contains(Self.entities(["year"], ids: ["u1"], of: "film")) == right, "\(query)")
        }
        let named = #"{"query":{"select":[{"named":"u"},\#(rule)]},"let":{"u":\#(users)}}"#
        #expect(try QueryPlan(QueryFixtures.query(named)).bases == [Self.entities(["name"])])
    }
}
