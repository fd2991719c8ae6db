internal import Bytes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// `{"referencedAs", "properties", "isComplete"}`, delta by delta (spec: http.md).
///
/// A delta's JSON is made once and kept until the last of its properties, as long as there is room: where there isn't, it
/// is made again.
struct LosslessAnswer: StreamedAnswer {
    private enum Stage {
        case head
        case names(LosslessView.ReferenceNames)
        case items
        case over
    }

    /// Bytes of deltas whose JSON is made at once, as they are in memory: that of the last one on top.
    private static let madeBytes = 256 * 1024
    private let view: LosslessView
    private let log: any DeltaLookup
    private let computing: LongComputing
    private let keptBytes: Int
    /// Bytes of the local contexts that the view has gathered.
    private let nameBytes: Int
    private var items: LosslessView.AsyncIterator
    /// The next items, whose JSON is being made together.
    private var ahead: [LosslessView.Item] = []
    private var stage = Stage.head
    private var property: Text?
    private var kept: [DeltaID: [UInt8]] = [:]
    private var keptSize = 0

    /// - Parameters:
    ///   - log: of the view.
    ///   - computing: where JSON is made that takes long.
    ///   - keptBytes: of JSON that is kept for later properties.
    init(_ view: LosslessView, log: any DeltaLookup, computing: LongComputing, keptBytes: Int = 8 << 20) {
        self.view = view
        self.keptBytes = keptBytes
        self.log = log
        self.computing = computing
        items = view.makeAsyncIterator()
        nameBytes = view.referencedAs.names.reduce(0) { $0 + $1.count }
    }

    var heldBytes: Int {
        items.heldBytes + nameBytes + keptSize + ahead.count * MemoryLayout<LosslessView.Item>.stride + AnswerBytes.part
    }

    mutating func next() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        switch stage {
        case .head:
            bytes = Array("{\"referencedAs\":[".utf8)
            append(view.referencedAs, to: &bytes)
        case .names(let last):
            guard last.hasMore, let name = last.names.last else {
                stage = .items
                return Array("],\"properties\":{".utf8)
            }
            bytes.append(UInt8(ascii: ","))
            append(try await view.referencedAs(after: name), to: &bytes)
        case .items:
            while bytes.count < AnswerBytes.part {
                guard let item = try await nextItem() else {
                    if property != nil { bytes.append(UInt8(ascii: "]")) }
                    bytes += "},\"isComplete\":".utf8
                    bytes.append(json: .bool(view.isComplete))
                    bytes.append(UInt8(ascii: "}"))
                    stage = .over
                    break
                }
                try append(item, to: &bytes)
            }
        case .over: break
        }
        return bytes
    }

    private mutating func append(_ names: LosslessView.ReferenceNames, to bytes: inout [UInt8]) {
        for (index, name) in names.names.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(json: .text(name))
        }
        stage = .names(names)
    }

    private mutating func append(_ item: LosslessView.Item, to bytes: inout [UInt8]) throws {
        if item.property == property {
            bytes.append(UInt8(ascii: ","))
        } else {
            if property != nil { bytes += "],".utf8 }
            property = item.property
            bytes.append(json: .text(item.property))
            bytes += ":[".utf8
        }
        guard let json = kept[item.delta] else { preconditionFailure("the JSON of what comes next was made") }
        bytes += json
        let isWanted =
            item.laterCount > 0 && keptSize <= keptBytes && AnswerMemory.current?.hasRoom(for: heldBytes) != false
        if !isWanted, !ahead.contains(where: { $0.delta == item.delta }) {
            kept[item.delta] = nil
            keptSize -= json.count
        }
    }

    // MARK: - JSON

    /// The next item, its JSON made.
    private mutating func nextItem() async throws -> LosslessView.Item? {
        if ahead.isEmpty { try await makeAhead() }
        return ahead.popLast()
    }

    /// Takes the next items up to a few whose JSON isn't there yet, and makes that.
    private mutating func makeAhead() async throws {
        var unmade: [DeltaID: Bool] = [:]
        var weight = 0
        while weight < Self.madeBytes, ahead.count < 256, let item = try await items.next() {
            ahead.append(item)
            guard kept[item.delta] == nil, unmade.updateValue(item.isNegated, forKey: item.delta) == nil else {
                continue
            }
            weight += item.weight
        }
        ahead.reverse()
        guard !unmade.isEmpty else { return }
        // As deltas, as their fields, and as JSON.
        try await AnswerMemory.current?.carry(heldBytes + 3 * weight)
        let deltas = try await log.deltas(Array(unmade.keys))
        guard deltas.count == unmade.count else {
            throw DeltaLogError(.corrupt, "a delta that the store's index names isn't there; run rhizome-node audit")
        }
        let made = await computing.run(cost: weight / Response.bytesPerMicrosecond) { [unmade] in
            deltas.map { stored in
                let json = stored.json.lossless(
                    stored.delta.body.pointers,
                    isNegated: unmade[stored.id] ?? false
                )
                return (stored.id, JSONValue.object(json).encoded)
            }
        }
        for (id, json) in made {
            kept[id] = json
            keptSize += json.count
        }
    }

    /// The answer to a request for a lossless view or a page of it.
    ///
    /// - Parameter read: gives the deltas after a place, so many at most.
    static func response(
        to request: APIRequest,
        page: PageRequest,
        of database: Database,
        _ read: (_ place: LosslessView.Place?, _ limit: Int?) async throws -> LosslessView
    ) async throws -> Response {
        let view = try await read(try PageCursor.told(page.after), page.limit)
        var response = try await Response.answering(
            LosslessAnswer(view, log: database.log, computing: database.views.computing)
        )
        if let limit = page.limit, let end = view.end {
            response.linkToNext(request.target, limit: limit, after: .told(end))
        }
        return response
    }
}
