internal import Bytes
internal import DeterministicCBOR

extension CBORWriter {
    /// Writes addresses as an array of texts.
    mutating func addresses(_ addresses: [PeerAddress]) {
        array(addresses.count)
        for address in addresses { text(Text(address.description)) }
    }
}

extension CBORReader {
    /// Reads an array of addresses.
    ///
    /// - Throws: ``CBORError``, ``NoAddress``.
    mutating func addresses(atMost limit: Int = .max) throws -> [PeerAddress] {
        let count = try array(atMost: limit)
        return try (0..<count).map { _ in
            guard let address = PeerAddress(try text().string) else { throw NoAddress() }
            return address
        }
    }
}

/// A text where an address should be.
struct NoAddress: Error {}
