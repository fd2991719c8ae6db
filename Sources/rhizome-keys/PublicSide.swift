import Bytes
import CommandSupport
import RhizomeIdentity
import SignedStatements
import StrictJSON

/// The public side of an identity, as `show` and `generate` print it.
struct PublicSide {
    let key: PublicKey
    let name: String?
    let address: PeerAddress?
    let isSealed: Bool

    /// The transport key in Z85.
    var transportKey: String { key.transportKey.flatMap { Z85.encode($0.array) } ?? "" }

    var card: String { key.card(address: address, name: name) }

    /// Says, beside the results, what a card without an address is good for.
    static func noteMissingAddress() {
        CommandLineTool.note(
            "note: this card has no address, so others can't reach your node by it; for one that has: "
                + "rhizome-keys show --address HOST:PORT"
        )
    }

    var json: JSONValue {
        [
            "did": .string(key.did),
            "name": name.map { .string($0) } ?? .null,
            "fingerprint": .string(key.fingerprint),
            "transportKey": .string(transportKey),
            "card": .string(card),
            "ssh": .string(key.sshLine(name: name)),
        ]
    }

    var text: String {
        let rows = [
            ("did", key.did), ("name", name ?? "(none)"), ("fingerprint", key.fingerprint),
            ("transport key", transportKey), ("card", card), ("ssh", key.sshLine(name: name)),
            ("secret", isSealed ? "sealed by a passphrase" : "not sealed"),
        ]
        return rows.map { label, value in
            TerminalText.bold(label) + String(repeating: " ", count: 15 - label.count) + value
        }
        .joined(separator: "\n")
    }
}
