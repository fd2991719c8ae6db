import Foundation
import RhizomeTesting
import Testing

/// Contexts between real nodes (spec: views.md, "Contexts").
@Suite(.timeLimit(.minutes(5))) struct ContextTests {
    private struct Film: Decodable {
        struct Properties: Decodable { let title: String?, rating: Int? }
        let properties: Properties
    }

    private struct Context: Decodable { let name: String }

    @Test("another's context is looked through by name and did, as its author last wrote it, and by no other name")
    func others() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let (alice, bob) = (try await homes[0].did, try await homes[1].did)
                try await NodeHome.running(homes) { nodes in
                    let (first, second) = (nodes[0], nodes[1])
                    _ = try await first.put("/api/film/f1", #"{"title": "Metropolis", "rating": 5}"#)
                    try await eventually("bob holds the film") { try await second.ask("/api/film/f1").status == 200 }
                    _ = try await second.put("/api/film/f1", #"{"rating": 9}"#)
                    _ = try await second.put("/api/contexts/review", #"{"authors": ["\#(bob)"]}"#)
                    let put = try await first.put(
                        "/api/contexts/review",
                        #"{"authors": ["\#(alice)"], "forked": "refuse"}"#
                    )
                    #expect(put.status == 200)
                    #expect(put.body == #"{"authors":["\#(alice)"],"forked":"refuse"}"#)

                    let hers = "/api/film/f1?context=review@\(alice)"
                    try await eventually("bob holds alice's context") { try await second.ask(hers).status == 200 }
                    let ratings = [
                        ("/api/film/f1", 9), (hers, 5), ("/api/film/f1?context=review", 9),
                        ("/api/film/f1?context=review@alice", 5), ("/api/film/f1?context=review@\(bob)", 9),
                    ]
                    for (path, rating) in ratings {
                        #expect(try await second.value(path, as: Film.self).properties.rating == rating, "\(path)")
                    }
                    let names = try await second.value("/api/contexts", as: [Context].self).map(\.name)
                    #expect(names == ["review", "review@\(alice)"])

                    _ = try await first.put("/api/contexts/review", #"{"authors": ["bob"]}"#)
                    try await eventually("bob sees what alice's context is now") {
                        try await second.value(hers, as: Film.self).properties.rating == 9
                    }
                    #expect(try await second.value(hers, as: Film.self).properties.title == nil)
                }
            }
        }
    }
}
