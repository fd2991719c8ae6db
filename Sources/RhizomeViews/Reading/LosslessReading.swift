internal import Bytes
internal import RhizomeCore

/// The deltas of a lossless view on their way, property by property.
struct LosslessReading: PartedReading {
    /// What is known of a delta that comes again under a later property.
    private struct Known {
        let moment: Moment
        let weight: Int
        let isShown: Bool
        let isNegated: Bool
        /// Under how many more properties it comes.
        var laterCount: Int
    }

    /// Items of a part.
    private static let items = 256
    /// Bytes of deltas that are looked at for a part, none of which is held.
    private static let bytes = 1 << 20
    /// Deltas that are remembered for their later properties; others are looked at again there.
    private static let known = 1 << 14
    private static let knownBytes = MemoryLayout<Known>.stride + 24
    /// Bytes of local contexts that are gathered at once.
    private static let nameBytes = 1 << 20

    let id: Text
    var state: PinnedState
    private(set) var isOver = false
    /// Whether no delta that was left out waits for the rest of its transaction.
    private(set) var isComplete = true
    /// The last place that the limit leaves, where more follow.
    private(set) var end: LosslessView.Place?
    private let after: LosslessView.Place?
    private var left: Int
    private var last: LosslessView.Place?
    private var window: PropertyWindow
    private var property: (name: Text, merge: WordMerge)?
    private var known: [Int64: Known] = [:]
    /// Where this looks through all for the local contexts: which were found, those after one.
    private var names: LeastNames?
    private var namesAfter: Text?
    private var partCount = 0

    /// - Parameters:
    ///   - after: the place after which to begin.
    ///   - limit: how many deltas at most, one that stands under several properties each time.
    init(
        _ lookup: EntityLookup,
        of log: any StateReading,
        id: Text,
        after: LosslessView.Place? = nil,
        limit: Int? = nil
    ) throws {
        self.id = id
        self.after = after
        left = limit ?? .max
        state = try PinnedState(lookup, of: log, about: id)
        window = PropertyWindow(of: id, .all, from: after?.property)
    }

    var ownBytes: Int {
        window.heldBytes + (property?.merge.heldBytes ?? 0) + known.count * Self.knownBytes
            + partCount * MemoryLayout<LosslessView.Item>.stride + (names?.heldBytes ?? 0)
    }

    /// The same from its beginning, to be read for what can be told only at its end.
    ///
    /// - Parameter name: only local contexts after it are gathered; all where `nil`.
    func survey(after name: Text? = nil) -> LosslessReading {
        var survey = self
        survey.names = LeastNames(capacity: Self.nameBytes)
        survey.namesAfter = name
        return survey
    }

    /// The local contexts that were found.
    mutating func takeNames() -> LosslessView.ReferenceNames {
        guard var names else { return LosslessView.ReferenceNames(names: [], hasMore: false) }
        self.names = nil
        let taken = names.take().names.map(\.name)
        return LosslessView.ReferenceNames(names: taken, hasMore: names.isCut)
    }

    mutating func part(in lookup: EntityLookup) throws -> [LosslessView.Item] {
        var items: [LosslessView.Item] = []
        var bytes = 0
        repeat {
            guard let name = property?.name else {
                guard let next = try window.next(in: lookup) else {
                    isOver = true
                    break
                }
                let moment = next.name == after?.property ? after?.moment : nil
                property = (next.name, WordMerge(next.streams, from: moment))
                continue
            }
            guard try property?.merge.opens(in: lookup) == true else { continue }
            guard let (position, author) = try property?.merge.next(in: lookup) else {
                property = nil
                continue
            }
            guard let shown = try shown(at: position, by: author, under: name, &bytes, in: lookup) else { continue }
            guard left > 0 else {
                end = last
                isOver = true
                break
            }
            // Those of one that comes again were gathered when it came first.
            if let delta = shown.delta { try gather(delta, in: lookup) }
            left -= 1
            last = shown.item.place
            items.append(shown.item)
            // Who only wants the items needn't look for one more.
            if left == 0, names == nil { isOver = true }
        } while !isOver && !lookup.isLongEnough && items.count < Self.items && bytes < Self.bytes
        partCount = items.count
        return items
    }

    /// The item of a delta, with the delta where it was looked at; `nil` for one that isn't shown.
    private mutating func shown(
        at position: Int64,
        by author: Int64,
        under property: Text,
        _ bytes: inout Int,
        in lookup: EntityLookup
    ) throws -> (item: LosslessView.Item, delta: ViewedDelta?)? {
        if var delta = known[position] {
            delta.laterCount -= 1
            known[position] = delta.laterCount > 0 ? delta : nil
            if delta.laterCount == 0 { lookup.memory.remove(Self.knownBytes) }
            return delta.isShown ? (item(delta, under: property), nil) : nil
        }
        let delta = try lookup.delta(at: position)
        if let after, property == after.property, delta.moment <= after.moment { return nil }
        let weight = delta.approximateBytes
        bytes += weight
        var isShown = false
        if state.perspective.leaves(delta) {
            if try lookup.isLeft(delta) {
                isShown = try lookup.isShown(author) && lookup.passes(delta)
            } else {
                isComplete = false
            }
        }
        let later = delta.pointers.compactMap { pointer -> Text? in
            guard case .entity(id, let name) = pointer.target, name > property else { return nil }
            return name
        }
        let fate = Known(
            moment: delta.moment,
            weight: weight,
            isShown: isShown,
            // A survey has no use for it.
            isNegated: try isShown && names == nil && lookup.isNegated(delta),
            laterCount: Set(later).count
        )
        if fate.laterCount > 0, known.count < Self.known {
            known[position] = fate
            try lookup.memory.add(Self.knownBytes)
        }
        return isShown ? (item(fate, under: property), delta) : nil
    }

    private func item(_ delta: Known, under property: Text) -> LosslessView.Item {
        LosslessView.Item(
            property: property,
            moment: delta.moment,
            isNegated: delta.isNegated,
            laterCount: delta.laterCount,
            weight: delta.weight
        )
    }

    private mutating func gather(_ delta: ViewedDelta, in lookup: EntityLookup) throws {
        guard names != nil else { return }
        let before = names?.heldBytes ?? 0
        for pointer in delta.pointers where pointer.entity?.id == id {
            if let namesAfter, pointer.localContext <= namesAfter { continue }
            names?.add(pointer.localContext)
        }
        try lookup.memory.add((names?.heldBytes ?? 0) - before)
    }
}

extension EntityLookup {
    /// Whether a delta that steps 1 to 3, 5 and 6 leave refers to the entity by this local context.
    func isShown(_ id: Text, referencedAs localContext: Text) throws -> Bool {
        let localClass = WordRole.localClass(of: localContext)
        for end in try streams(of: id) where end.stream.role.localClass == localClass {
            var isShown = false
            try forEachWord(ofReversed: end) { word in
                let delta = try delta(at: word.position)
                isShown = try delta.refers(to: id, as: localContext) && isLeft(delta) && passes(delta)
                return !isShown
            }
            if isShown { return true }
        }
        return false
    }
}
