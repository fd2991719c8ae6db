import Bytes
import CommandSupport
import HomeFiles
import RhizomeIdentity
import StrictJSON

/// `data/node.json`, 0600: where a home's running node is reached, for the commands that write through it (spec: cli.md).
///
/// A node that was killed leaves it behind: that nobody listens there any more, or that `data/lock` is free, tells.
struct NodeFile {
    private static let name = "node.json"
    private static let mostBytes = 64 << 10

    /// The addresses by name, as `run --json` tells them.
    let addresses: JSONObject

    /// Where the HTTP API listens; `nil` where it is switched off.
    var http: String? { addresses["http"]?.text?.string }

    /// What the home's file says; `nil` where there is none that can be read.
    init?(of home: Home) throws {
        guard let bytes = try home.data(creating: false).contents(Self.name, limit: Self.mostBytes),
            let addresses = try? JSONValue(parsing: bytes).object
        else { return nil }
        self.addresses = addresses
    }

    /// What a node tells.
    init(_ addresses: JSONObject) { self.addresses = addresses }

    /// Writes the file.
    func write(to home: Home) throws {
        try home.data(creating: true).replace(Self.name, JSONValue.object(addresses).encoded + [UInt8(ascii: "\n")])
    }

    /// Takes the file away, where there is one.
    static func remove(from home: Home) {
        guard let data = try? home.data(creating: false), data.contains(name) else { return }
        do { try data.remove(name) } catch { CommandLineTool.note("note: \(error.message)") }
    }
}
