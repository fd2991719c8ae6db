internal import Bytes

/// How far somebody has read what happened in a collection; to be saved, and to go on from.
///
/// Its text form is `EPOCH.POSITION`: the store's name in hex, and a position in its order of acceptance.
public struct CollectionCursor: Hashable, Sendable, LosslessStringConvertible, Codable {
    /// The store's name, without which a position means nothing.
    let epoch: [UInt8]
    /// All up to this position was read.
    let position: Int64

    init(epoch: [UInt8], position: Int64) {
        self.epoch = epoch
        self.position = position
    }

    /// The cursor of its text form; `nil` for any other text.
    public init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = Hex.decode(String(parts[0])), let position = Int64(parts[1]), position >= 0
        else { return nil }
        self.init(epoch: epoch, position: position)
        guard self.description == description else { return nil }
    }

    /// The text form.
    public var description: String { "\(Hex.encode(epoch)).\(position)" }

    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let cursor = CollectionCursor(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is not a collection's cursor")
        }
        self = cursor
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
