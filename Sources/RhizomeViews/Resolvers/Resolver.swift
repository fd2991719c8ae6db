public import StrictJSON

/// How the assertions about one property become its value (spec: views.md, "Lossy").
///
/// Partial states are combined in any order and grouping, so that a view can be kept up to date by each new delta, and
/// parts of it can be made apart. For all states *a*, *b*, *c*:
///
///     combine(a, b) = combine(b, a)        combine(a, combine(b, c)) = combine(combine(a, b), c)
///
/// Each assertion takes part once.
public protocol Resolver: Sendable {
    /// What is known of the assertions that have been seen.
    associatedtype State: Sendable

    /// Of which assertions the value depends; of all where it isn't told.
    ///
    /// Those that can't matter aren't read.
    var basis: ResolverBasis { get }

    /// The state that one assertion makes.
    func state(of assertion: Assertion) -> State

    /// The state of all that made either of two.
    func combine(_ first: State, _ second: State) -> State

    /// About how many bytes of memory a state takes; those of `State` itself where it isn't told.
    ///
    /// All answers share one budget of memory: a resolver whose states grow with what was seen says how much.
    ///
    /// - Complexity: must be O(1).
    func approximateBytes(of state: State) -> Int

    /// The property's value; `nil` where the resolver found nothing that it works on.
    func value(of state: State) -> JSONValue?
}

/// Which of a property's assertions a resolver's value depends on.
public enum ResolverBasis: Sendable {
    /// All of them, in no certain order.
    case all
    /// The one with the greatest (timeCreated, id bytes).
    case last
    /// The one with the least.
    case first
    /// The last one of each author.
    case lastOfEachAuthor
}

extension Resolver {
    /// All assertions.
    public var basis: ResolverBasis { .all }

    /// Those of `State` itself.
    public func approximateBytes(of state: State) -> Int { MemoryLayout<State>.size }

    /// The value that all these assertions give a property; `nil` also where there are none.
    ///
    /// - Complexity: O(*n* log *n*) also where a state grows with what it has seen.
    public func resolve(_ assertions: some Sequence<Assertion>) -> JSONValue? {
        var folding = Folding(by: self)
        for assertion in assertions { folding.add(assertion) }
        return folding.value
    }
}

/// Assertions on their way through a resolver, one by one.
///
/// States of about equal size are combined, as bits are carried when counting: one after the other, a state that holds
/// much would be copied for each assertion.
struct Folding<Reduction: Resolver> {
    private let resolver: Reduction
    /// Apart from their sizes: pairs of a state and a number would be a type that is looked up each time.
    private var states: [Reduction.State] = []
    /// Of how many assertions each state is.
    private var sizes: [Int] = []
    /// About how many bytes the states take.
    private(set) var bytes = 0

    init(by resolver: Reduction) { self.resolver = resolver }

    /// Whether there was no assertion.
    var isEmpty: Bool { states.isEmpty }

    /// Takes in an assertion.
    ///
    /// - Returns: how many bytes more the states take then.
    @discardableResult
    mutating func add(_ assertion: Assertion) -> Int {
        let before = bytes
        var state = resolver.state(of: assertion)
        var size = 1
        while sizes.last == size {
            let last = states.removeLast()
            sizes.removeLast()
            bytes -= resolver.approximateBytes(of: last)
            state = resolver.combine(last, state)
            size *= 2
        }
        bytes += resolver.approximateBytes(of: state)
        states.append(state)
        sizes.append(size)
        return bytes - before
    }

    /// The value of all that was taken in; `nil` also where there was nothing.
    var value: JSONValue? {
        guard var total = states.last else { return nil }
        for state in states.dropLast().reversed() { total = resolver.combine(state, total) }
        return resolver.value(of: total)
    }
}
