internal import Bytes
internal import HomeFiles
package import RhizomeIdentity
package import StrictJSON

/// `data/node.json`, 0600: where a home's running node is reached, for the commands that write through
/// it and for guests (spec: cli.md, meeting.md).
///
/// A node that was killed leaves it behind: that nobody listens there any more, or that `data/lock` is free, tells.
package struct NodeFile {
    private static let name = "node.json"
    private static let mostBytes = 64 << 10

    /// The addresses by name, as `run --json` tells them.
    package let addresses: JSONObject

    /// Where the HTTP API listens; `nil` where it is switched off.
    package var http: String? { addresses["http"]?.text?.string }

    /// Where peers' requests are served: as peers are told, or as it is bound where they aren't.
    package var request: PeerAddress? { (addresses["request"]?.text?.string).flatMap { PeerAddress($0) } }

    /// What the home's file says; `nil` where there is none that can be read.
    package init?(of home: Home) throws {
        guard let bytes = try Self.contents(of: home), let addresses = try? JSONValue(parsing: bytes).object else {
            return nil
        }
        self.addresses = addresses
    }

    /// `nil` where no node has run here yet, or none runs.
    private static func contents(of home: Home) throws -> [UInt8]? {
        let data: HomeFolder
        do throws(FileError) {
            data = try home.data(creating: false)
        } catch {
            if error.code == .missing { return nil }
            throw error
        }
        return try data.contents(name, limit: mostBytes)
    }

    /// What a node tells.
    package init(_ addresses: JSONObject) { self.addresses = addresses }

    /// Writes the file.
    package func write(to home: Home) throws {
        try home.data(creating: true).replace(Self.name, JSONValue.object(addresses).encoded + [UInt8(ascii: "\n")])
    }

    /// Takes the file away, where there is one.
    package static func remove(from home: Home) {
        guard let data = try? home.data(creating: false), data.contains(name) else { return }
        do { try data.remove(name) } catch { CommandLineTool.note("note: \(error.message)") }
    }
}
