internal import RhizomeCore
internal import StrictJSON

/// Which of the assertions that count make a property's value, by its resolver.
struct BlameJudge {
    private enum Rule {
        /// These deltas alone; others don't for this reason.
        case chosen(Set<DeltaID>, else: Overruling)
        /// These deltas alone; others by how their authors' rank compares with the best one.
        case ranked(Set<DeltaID>, ByRank, best: Int)
        /// All numbers.
        case numbers
        /// All that are numerically equal to this one; others for this reason.
        case equal(to: Number?, else: Overruling)
        /// All with this value.
        case most(JSONValue?)
        /// All but null.
        case values
        /// All texts.
        case texts
    }

    private let rule: Rule
    /// What makes the value, where that is known beforehand: few assertions, the newest first; else `nil`.
    let chosen: [Assertion]?

    /// A judge.
    ///
    /// - Parameters:
    ///   - value: the property's.
    ///   - ranking: who counts how much for `by-rank`.
    ///   - last: the last assertion that counts; `first` and `lastOfEach` likewise.
    init(
        of resolver: StandardResolver,
        value: JSONValue?,
        ranking: ByRank,
        last: () throws -> Assertion?,
        first: () throws -> Assertion?,
        lastOfEach: () throws -> [Assertion]
    ) rethrows {
        switch resolver {
        case .lastWriteWins: (rule, chosen) = Self.chosen([try last()], else: .later)
        case .firstWriteWins: (rule, chosen) = Self.chosen([try first()], else: .earlier)
        case .byAuthor: (rule, chosen) = Self.chosen(try lastOfEach(), else: .later)
        case .byRank: (rule, chosen) = Self.ranked(ranking, try lastOfEach())
        case .sum, .average, .count: (rule, chosen) = (.numbers, nil)
        case .min: (rule, chosen) = (.equal(to: Number(value), else: .less), nil)
        case .max: (rule, chosen) = (.equal(to: Number(value), else: .greater), nil)
        case .majority: (rule, chosen) = (.most(value), nil)
        case .all: (rule, chosen) = (.values, nil)
        case .concat: (rule, chosen) = (.texts, nil)
        }
    }

    private static func chosen(_ assertions: [Assertion?], else why: Overruling) -> (Rule, [Assertion]) {
        let chosen = assertions.compactMap(\.self).sorted { $0.delta.moment > $1.delta.moment }
        return (.chosen(Set(chosen.map(\.delta.id)), else: why), chosen)
    }

    private static func ranked(_ ranking: ByRank, _ assertions: [Assertion]) -> (Rule, [Assertion]) {
        let best = assertions.map { ranking.rank(of: $0.delta.author) }.min() ?? 0
        let first = assertions.filter { ranking.rank(of: $0.delta.author) == best }
            .max { $0.delta.moment < $1.delta.moment }
        let chosen = [first].compactMap(\.self)
        return (.ranked(Set(chosen.map(\.delta.id)), ranking, best: best), chosen)
    }

    /// Why an assertion that all steps leave doesn't make the value; `nil` where it does.
    func overruling(of assertion: Assertion) -> Overruling? {
        let number = Number(assertion.value)
        switch rule {
        case .chosen(let ids, let why): return ids.contains(assertion.delta.id) ? nil : why
        case .ranked(let ids, let ranking, let best):
            if ids.contains(assertion.delta.id) { return nil }
            return ranking.rank(of: assertion.delta.author) == best ? .later : .rank
        case .numbers: return number == nil ? .notNumber : nil
        case .equal(let value, let why):
            guard let number else { return .notNumber }
            return value.map { Number.compare(number, $0) == 0 } == true ? nil : why
        case .most(let value):
            guard assertion.value != .null else { return .noValue }
            return assertion.value.json == value ? nil : .fewer
        case .values: return assertion.value == .null ? .noValue : nil
        case .texts: if case .text = assertion.value { return nil } else { return .noValue }
        }
    }
}
