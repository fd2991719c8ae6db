/// Turns a pattern's tree into steps; a repetition's body is there as often as its counts say.
struct IRegexpCompiler {
    private var steps: [IRegexp.Step] = []

    mutating func compile(_ node: IRegexpNode) throws(IRegexpError) -> [IRegexp.Step] {
        try add(node)
        try append(.end)
        return steps
    }

    private mutating func append(_ step: IRegexp.Step) throws(IRegexpError) {
        guard steps.count < IRegexp.maximumSteps else {
            throw IRegexpError(.size, at: 0, "with its counts the pattern is too large: use smaller ones")
        }
        steps.append(step)
    }

    /// Nests as deep as the parser lets parentheses nest.
    private mutating func add(_ node: IRegexpNode) throws(IRegexpError) {
        switch node {
        case .characters(let characters): try append(.character(characters))
        case .sequence(let nodes): for node in nodes { try add(node) }
        case .alternatives(let branches):
            var ends: [Int] = []
            for (number, branch) in branches.enumerated() {
                guard number < branches.count - 1 else {
                    try add(branch)
                    break
                }
                let fork = steps.count
                try append(.jump(0))
                try add(branch)
                ends.append(steps.count)
                try append(.jump(0))
                steps[fork] = .either(fork + 1, steps.count)
            }
            for end in ends { steps[end] = .jump(steps.count) }
        case .repetition(let body, let least, let most):
            for _ in 0..<least {
                let before = steps.count
                try add(body)
                // What has no steps has none however often: counts of counts of it would take for ever.
                if steps.count == before { break }
            }
            guard let most else {
                let fork = steps.count
                try append(.jump(0))
                try add(body)
                try append(.jump(fork))
                steps[fork] = .either(fork + 1, steps.count)
                return
            }
            var forks: [Int] = []
            for _ in least..<most {
                forks.append(steps.count)
                try append(.jump(0))
                try add(body)
            }
            for fork in forks { steps[fork] = .either(fork + 1, steps.count) }
        }
    }
}
