public import Bytes

/// A pattern of I-Regexp (RFC 9485), which every program decides alike.
///
/// A text matches as a whole. It is matched by going through all ways at once, so in time linear in the text, whatever
/// the pattern: one that backtracks could be made to take years.
public struct IRegexp: Sendable {
    /// Bytes of a pattern at most.
    public static let maximumBytes = 256
    /// The most that a count in braces may be.
    public static let maximumCount = 64
    /// Steps of the compiled pattern at most: what a character of a text may cost.
    static let maximumSteps = 2_048
    /// How deep parentheses may nest.
    static let maximumDepth = 64

    /// The pattern as it was given.
    public let pattern: Text
    private let steps: [Step]

    /// A step of a compiled pattern; numbers are those of other steps.
    enum Step: Sendable {
        /// A character of a class, then the next step.
        case character(CharacterClass)
        /// Either of two steps.
        case either(Int, Int)
        /// Another step.
        case jump(Int)
        /// The text's end.
        case end
    }

    /// Compiles a pattern.
    ///
    /// - Throws: ``IRegexpError`` with the place of the fault.
    public init(_ pattern: Text) throws(IRegexpError) {
        self.pattern = pattern
        guard pattern.count <= Self.maximumBytes else {
            throw IRegexpError(.size, at: 0, "a pattern has at most \(Self.maximumBytes) bytes")
        }
        var parser = IRegexpParser(pattern)
        var compiler = IRegexpCompiler()
        steps = try compiler.compile(try parser.parse())
    }

    /// Whether the whole text matches.
    ///
    /// - Complexity: O(scalars of the text × steps of the pattern).
    public func matches(_ text: Text) -> Bool {
        var current = Threads(capacity: steps.count)
        var next = Threads(capacity: steps.count)
        add(0, to: &current)
        for scalar in text.string.unicodeScalars {
            guard !current.steps.isEmpty else { return false }
            for step in current.steps {
                guard case .character(let characters) = steps[step], characters.contains(scalar) else { continue }
                add(step + 1, to: &next)
            }
            swap(&current, &next)
            next.removeAll()
        }
        return current.steps.contains { if case .end = steps[$0] { true } else { false } }
    }

    /// The steps at which a text may be, each once.
    private struct Threads {
        private(set) var steps: [Int] = []
        private var isIn: [Bool]

        init(capacity: Int) { isIn = [Bool](repeating: false, count: capacity) }

        mutating func insert(_ step: Int) -> Bool {
            guard !isIn[step] else { return false }
            isIn[step] = true
            steps.append(step)
            return true
        }

        mutating func removeAll() {
            for step in steps { isIn[step] = false }
            steps.removeAll(keepingCapacity: true)
        }
    }

    /// Adds a step with all to which it leads without a character.
    private func add(_ step: Int, to threads: inout Threads) {
        var pending = [step]
        while let step = pending.popLast() {
            guard threads.insert(step) else { continue }
            switch steps[step] {
            case .either(let first, let second): pending += [second, first]
            case .jump(let target): pending.append(target)
            case .character, .end: break
            }
        }
    }
}
