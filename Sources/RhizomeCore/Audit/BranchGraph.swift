/// The logs of an audit, cut into branches: chains in which each delta names the one before as a previous.
///
/// What a delta is after is found by the links between branches alone, however long these are. Keeps 24 bytes for each
/// such link, and 8 for each branch.
struct BranchGraph: Sendable {
    /// Where a delta stands: branches of all logs are numbered together.
    struct Place: Hashable, Sendable {
        let branch: Int64
        let sequence: Int64
    }

    /// Thrown where a search would take more steps than it may.
    struct TooTangled: Error {}

    /// A link to a delta of another branch.
    private struct Link {
        let child: Int64
        let parent: Place
    }

    /// By branch.
    private var lastSequences: [Int64] = []
    /// By branch, with rising sequences of the child.
    private var links: [Int64: [Link]] = [:]

    /// Gives a delta its place after its previous ones: in the branch of the greatest that is the last of its branch, or
    /// in a new one.
    ///
    /// A previous with no smaller sequence, as only a broken log has it, begins no branch that goes on.
    mutating func place(_ sequence: Int64, after previous: [Place]) -> Place {
        let before = previous.filter { place in
            place.sequence < sequence && lastSequences[Int(place.branch)] == place.sequence
        }.max { $0.sequence < $1.sequence }
        let place = Place(branch: before?.branch ?? Int64(lastSequences.count), sequence: sequence)
        if before == nil { lastSequences.append(sequence) } else { lastSequences[Int(place.branch)] = sequence }
        for parent in previous where parent.branch != place.branch {
            links[place.branch, default: []].append(Link(child: sequence, parent: parent))
        }
        return place
    }

    /// Of each branch the last sequence that a delta reaches, as far as it isn't below `least`.
    ///
    /// - Parameter steps: how many may be taken; as many fewer afterwards.
    /// - Complexity: a step for each link to another branch in what is reached.
    func reach(of place: Place, downTo least: Int64, steps: inout Int64) throws(TooTangled) -> [Int64: Int64] {
        var reached = [place.branch: place.sequence]
        var waiting = [(branch: place.branch, above: least, upTo: place.sequence)]
        while let next = waiting.popLast() {
            let links = links[next.branch] ?? []
            var index = Self.count(links, upTo: next.upTo)
            while index > 0, links[index - 1].child > next.above {
                guard steps > 0 else { throw TooTangled() }
                steps -= 1
                index -= 1
                let parent = links[index].parent
                let known = reached[parent.branch] ?? least - 1
                guard parent.sequence > known else { continue }
                reached[parent.branch] = parent.sequence
                waiting.append((branch: parent.branch, above: max(known, least), upTo: parent.sequence))
            }
        }
        return reached
    }

    /// How many of the links are those of a child up to a sequence.
    private static func count(_ links: [Link], upTo sequence: Int64) -> Int {
        var range = 0..<links.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = links[middle].child <= sequence ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
