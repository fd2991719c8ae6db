import Bytes
import RhizomeCore
import RhizomeViews
import StrictJSON

// What the README shows, from here on word by word.

struct LongestText: Resolver {
    func state(of assertion: Assertion) -> Text? { assertion.value.json.text }

    func combine(_ first: Text?, _ second: Text?) -> Text? {
        guard let first, let second else { return first ?? second }
        return (first.count, second) > (second.count, first) ? first : second
    }

    func value(of state: Text?) -> JSONValue? { state.map { .text($0) } }
}

func story(of id: Text, in log: any DeltaLog) async throws -> EntityView? {
    let visible = try await EntityReader(log: log).visibleDeltas(about: [id])
    return EntityView(of: id, in: visible) { property -> any Resolver in
        property == "story" ? LongestText() : LastWriteWins()
    }
}
