internal import Bytes

/// Where a reader of a stream is: a position in the log with one epoch, `EPOCH-POSITION` (spec: streams.md).
struct StreamPosition: Equatable, Sendable {
    let epoch: [UInt8]
    let position: Int64

    init(epoch: [UInt8], position: Int64) {
        self.epoch = epoch
        self.position = position
    }

    /// Reads the text form: the epoch's 32 hex digits, a dash, and the position's decimal digits.
    init?(_ text: Text) {
        let parts = text.string.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = Hex.decode(String(parts[0])), epoch.count == 16,
            let position = Int64(digits: Text(String(parts[1])))
        else { return nil }
        self.init(epoch: epoch, position: position)
    }

    /// The text form.
    var text: String { "\(Hex.encode(epoch))-\(position)" }
}
