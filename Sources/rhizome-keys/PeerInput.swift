import CommandSupport
import HomeFiles
import RhizomeIdentity

/// A peer as it was given on the command line, in a file, or in a line of standard input.
struct PeerInput {
    private static let mostBytes = 1 << 20

    /// Whom it names.
    let text: PeerText
    /// Where it stood, for messages; `nil` for the command line itself.
    let place: String?

    /// Reads the argument: a did, card or SSH line; a file with one of them; an entry's petname or prefix.
    static func read(_ argument: String, _ list: TrustList) throws -> PeerInput {
        let refusal: IdentityError
        do throws(IdentityError) {
            return PeerInput(text: try PeerText(parsing: argument), place: nil)
        } catch { refusal = error }
        let path = try UserPath.expanded(argument)
        let isFolder = OutsideFile.isFolder(path)
        if !isFolder, OutsideFile.exists(path) {
            let found = try lines(OutsideFile.contents(path, limit: mostBytes), of: path)
            guard let first = found.first, found.count == 1 else {
                throw CommandFailure(
                    found.isEmpty
                        ? "\(path) holds no peer; put a did, a card or an SSH line into it"
                        : "\(path) holds \(found.count) lines; trust them all by: rhizome-keys trust - < '\(path)'",
                    .malformed
                )
            }
            return first
        }
        if let entry = try? list.find(argument) {
            return PeerInput(text: try PeerText(parsing: entry.identity.did), place: nil)
        }
        if isFolder {
            throw CommandFailure("\(path) is a folder; give a file with a did, a card or an SSH line", .malformed)
        }
        // A card or did with a mistake in it: its own message says more.
        if refusal.code != .malformedPeer || argument.contains(":") || argument.contains(" ") { throw refusal }
        throw CommandFailure(
            "'\(argument)' is no did, card or SSH line, no file, and no peer in the list; see: rhizome-keys help trust",
            .malformed
        )
    }

    /// Reads one peer per line of standard input.
    static func standardInput() throws -> [PeerInput] {
        let found = try lines(OutsideFile.standardInput(limit: mostBytes), of: "standard input")
        guard !found.isEmpty else {
            throw CommandFailure("standard input holds no peer; give one per line", .malformed)
        }
        return found
    }

    /// Empty lines and those that start with # are left out.
    private static func lines(_ bytes: [UInt8], of source: String) throws -> [PeerInput] {
        guard !bytes.starts(with: [0xff, 0xfe]), !bytes.starts(with: [0xfe, 0xff]) else {
            throw CommandFailure("\(source) is UTF-16, by its byte-order mark; save it as UTF-8", .malformed)
        }
        var found: [PeerInput] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let place = "\(source), line \(index + 1)"
            let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
            let trimmed = line.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
            guard let first = trimmed.first, first != UInt8(ascii: "#") else { continue }
            guard let text = String(validating: Array(trimmed), as: UTF8.self) else {
                throw CommandFailure("\(place): not UTF-8", .malformed)
            }
            let isKeyFile = text.hasPrefix("-----BEGIN ") && (text.contains("PRIVATE") || text.contains("SECRET"))
            guard !isKeyFile else {
                throw CommandFailure("\(source): this looks like a private key; take its .pub file", .malformed)
            }
            do throws(IdentityError) {
                found.append(PeerInput(text: try PeerText(parsing: text), place: place))
            } catch { throw CommandFailure(error, at: place) }
        }
        return found
    }

    /// Runs something for this peer; errors name the place where it stood.
    @discardableResult
    func located<Result>(_ body: () throws -> Result) throws -> Result {
        guard let place else { return try body() }
        do { return try body() } catch { throw CommandFailure(error, at: place) }
    }
}
