internal import Bytes
package import RhizomeCore
internal import RhizomeViews
package import SignedStatements
package import StrictJSON

/// Deltas of the TypeScript rhizome-node, as its `/api/deltas` gives them, written anew by this node's identity
/// (spec: cli.md, `import --from-rhizome`).
///
/// They aren't signed, so nobody can tell that who they name wrote them: each becomes a delta of this identity that says
/// so in pointers, and names the original by `_imported`, by which it is found again.
package struct RhizomeImport: Sendable {
    /// What can't be understood.
    package struct Fault: Error, CustomStringConvertible {
        /// One sentence.
        package let description: String
    }

    /// One delta of theirs.
    struct Original: Sendable {
        let id: Text
        let time: Int64
        let pointers: [Pointer]
    }

    /// How many are written in one transaction.
    private static let batch = 500
    /// The local context and the property by which an original is found again.
    private static let (imported, property) = ("_imported", "deltas") as (Text, Text)

    private let originals: [Original]

    /// How many there are.
    package var count: Int { originals.count }

    /// Reads an array of deltas, in the order of their times.
    ///
    /// - Throws: ``Fault``.
    package init(json: JSONValue) throws(Fault) {
        guard let items = json.array else { throw Fault(description: "it is no array of deltas") }
        var originals: [Original] = []
        var ids: Set<Text> = []
        for (place, item) in items.enumerated() {
            do throws(FieldError) {
                let original = try Self.original(item)
                if ids.insert(original.id).inserted { originals.append(original) }
            } catch {
                throw Fault(description: "[\(place)].\(error.field): \(error.message)")
            }
        }
        // Those of one time in their own order: sorting keeps it.
        self.originals = originals.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }.map(\.element)
    }

    /// Writes those that weren't written before, to a database that this process has to itself.
    ///
    /// - Returns: how many were written.
    /// - Throws: ``WriteError``, and what the log throws.
    package func write(into database: Database) async throws -> Int {
        try await write(knownTo: database.log, own: database.identity) { drafts in
            _ = try await database.write(drafts.map { Draft(pointers: $0) })
        }
    }

    /// Writes those that weren't written before, by somebody else who writes, as a running node.
    ///
    /// - Parameters:
    ///   - log: tells what was written before; looked at before each part.
    ///   - own: whose deltas those were.
    ///   - write: writes some, in this order.
    /// - Returns: how many were written.
    /// - Throws: what the log and `write` throw.
    package func write(
        knownTo log: any StateReading,
        own: PublicKey,
        by write: ([[Pointer]]) async throws -> Void
    ) async throws -> Int {
        var written = 0
        for part in originals.chunks(of: Self.batch) {
            let new = try await unknown(Array(part), in: log, by: own)
            guard !new.isEmpty else { continue }
            try await write(new.map(\.pointers))
            written += new.count
        }
        return written
    }

    private func unknown(_ part: [Original], in log: any StateReading, by own: PublicKey) async throws -> [Original] {
        try await log.read { snapshot in
            guard let author = try snapshot.author(own), let context = try snapshot.context(Self.imported) else {
                return part
            }
            return try part.filter { try !snapshot.refers(author, to: Self.name(of: $0.id), by: context) }
        }
    }

    private static func name(of id: Text) -> Text { Text("rhizome:\(id)") }

    // MARK: - Reading

    private static func original(_ json: JSONValue) throws(FieldError) -> Original {
        guard let members = json.object else { throw FieldError(.type, field: "", "a delta is an object") }
        func text(_ name: String) throws(FieldError) -> Text {
            guard let text = members[Text(name)]?.text else { throw FieldError(.type, field: name, "this is a text") }
            return text
        }
        let id = try text("id")
        guard name(of: id).count <= DeltaLimits.nameBytes else {
            throw FieldError(.limit, field: "id", "rhizome: and it have at most \(DeltaLimits.nameBytes) bytes")
        }
        guard case .integer(let time)? = members["timeCreated"] else {
            throw FieldError(.type, field: "timeCreated", "this is a whole number")
        }
        guard let json = members["pointers"] else {
            throw FieldError(.missing, field: "pointers", "a delta has pointers")
        }
        var pointers: [Pointer]
        do throws(FieldError) {
            if let members = json.object {
                pointers = try Self.pointers(members)
            } else {
                pointers = try [Pointer](json: json)
            }
        } catch {
            throw error.inside("pointers")
        }
        pointers.append(Pointer(imported, entity: name(of: id), targetContext: property))
        pointers.append(Pointer("_creator", .text(try text("creator"))))
        pointers.append(Pointer("_host", .text(try text("host"))))
        pointers.append(Pointer("_timeCreated", .integer(time)))
        guard pointers.count <= DeltaLimits.pointers else {
            throw FieldError(.limit, field: "pointers", "with four more a delta has at most \(DeltaLimits.pointers)")
        }
        return Original(id: id, time: time, pointers: pointers)
    }

    /// The second form: an object by local contexts, of values and of `{entity id: target context}`.
    private static func pointers(_ members: JSONObject) throws(FieldError) -> [Pointer] {
        guard !members.members.isEmpty else {
            throw FieldError(.value, field: "", "a delta has at least one pointer")
        }
        var pointers: [Pointer] = []
        for member in members.members {
            var pointer: JSONObject = ["localContext": .text(member.name)]
            if let target = member.value.object {
                guard let entity = target.members.first, target.members.count == 1 else {
                    throw FieldError(.value, field: member.name.string, "an entity is one id with its target context")
                }
                pointer.append("target", .text(entity.name))
                pointer.append("targetContext", entity.value)
            } else {
                pointer.append("target", member.value)
            }
            do throws(FieldError) { pointers.append(try Pointer(json: .object(pointer))) } catch {
                throw error.inside(member.name.string)
            }
        }
        return pointers
    }
}
