public import Bytes

/// Writes deterministic CBOR, item by item: shortest heads, definite lengths, 64-bit floats.
///
/// The caller announces how many items an array or a map has and then writes them; maps in the order of their encoded
/// keys, for which ``value(_:)`` and ``textMap(_:)`` see.
public struct CBORWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []

    /// Starts with nothing, and room for `capacity` bytes.
    public init(capacity: Int = 128) { bytes.reserveCapacity(capacity) }

    private mutating func head(_ major: UInt8, _ argument: UInt64) {
        let high = major << 5
        switch argument {
        case 0..<24: bytes.append(high | UInt8(argument))
        case 24...0xff: bigEndian(high | 24, argument, bytes: 1)
        case 0x100...0xffff: bigEndian(high | 25, argument, bytes: 2)
        case 0x1_0000...0xffff_ffff: bigEndian(high | 26, argument, bytes: 4)
        default: bigEndian(high | 27, argument, bytes: 8)
        }
    }

    private mutating func bigEndian(_ first: UInt8, _ argument: UInt64, bytes count: Int) {
        bytes.append(first)
        for shift in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: argument >> (8 * UInt64(shift)))) }
    }

    /// An integer.
    public mutating func integer(_ value: Int64) {
        if value >= 0 { head(0, UInt64(value)) } else { head(1, ~UInt64(bitPattern: value)) }
    }

    /// A float that equals no integer of at most 2^53 and is finite; others have no such encoding.
    public mutating func float(_ value: Double) {
        precondition(CBORValue.number(value) == .float(value), "reduce a float with CBORValue.number first")
        bigEndian(0xfb, value.bitPattern, bytes: 8)
    }

    /// true or false.
    public mutating func bool(_ value: Bool) { bytes.append(value ? 0xf5 : 0xf4) }

    /// null.
    public mutating func null() { bytes.append(0xf6) }

    /// A byte string.
    public mutating func byteString(_ value: some Collection<UInt8>) {
        head(2, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A byte string that is an array: most are, and of a known type this takes a fraction of the time.
    public mutating func byteString(_ value: [UInt8]) {
        head(2, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A byte string of 32 bytes.
    public mutating func byteString(_ value: Bytes32) { byteString(value.array) }

    /// A text.
    public mutating func text(_ value: Text) {
        head(3, UInt64(value.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// The head of an array whose `count` items follow.
    public mutating func array(_ count: Int) { head(4, UInt64(count)) }

    /// The head of a map whose `count` pairs follow, sorted by their keys' encoding.
    public mutating func map(_ count: Int) { head(5, UInt64(count)) }

    /// A tag for the item that follows.
    public mutating func tag(_ number: UInt64) { head(6, number) }

    /// Items that have been encoded before, as they are.
    public mutating func raw(_ encoded: [UInt8]) { bytes.append(contentsOf: encoded) }

    /// A map with text keys, each value already encoded; sorts by the keys' encoding.
    public mutating func textMap(_ entries: [Text: [UInt8]]) {
        map(entries.count)
        // With text keys the shorter one comes first: its length is in its head.
        for (key, value) in entries.sorted(by: { ($0.key.count, $0.key) < ($1.key.count, $1.key) }) {
            text(key)
            raw(value)
        }
    }

    /// Any value.
    public mutating func value(_ value: CBORValue) {
        switch value {
        case .null: null()
        case .bool(let bool): self.bool(bool)
        case .integer(let integer): self.integer(integer)
        case .float(let float): self.float(float)
        case .text(let text): self.text(text)
        case .bytes(let bytes): byteString(bytes)
        case .array(let items):
            array(items.count)
            for item in items { self.value(item) }
        case .map(let entries):
            map(entries.count)
            let encoded = entries.map { (key: $0.key.encoded, value: $0.value) }
            for entry in encoded.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                raw(entry.key)
                self.value(entry.value)
            }
        }
    }
}
