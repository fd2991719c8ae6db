internal import CSodium

/// Taking secrets apart and putting them together without leaving locked memory.
extension SecretBytes {
    /// A piece of what is put together.
    package enum Part: Sendable {
        /// Bytes that are no secret.
        case open([UInt8])
        /// A part of a secret.
        case secret(SecretBytes, Range<Int>)

        /// All of a secret.
        package static func secret(_ secret: SecretBytes) -> Part { .secret(secret, 0..<secret.count) }

        var count: Int {
            switch self {
            case .open(let bytes): bytes.count
            case .secret(_, let range): range.count
            }
        }
    }

    /// Puts the parts together, in order.
    ///
    /// - Throws: ``SodiumError`` `memory`.
    package convenience init(joining parts: [Part]) throws {
        let count = parts.reduce(0) { $0 + $1.count }
        try unsafe self.init(count: count) { memory in
            var offset = 0
            for part in parts {
                switch part {
                case .open(let bytes): for (index, byte) in bytes.enumerated() { unsafe memory[offset + index] = byte }
                case .secret(let secret, let range):
                    precondition(range.lowerBound >= 0 && range.upperBound <= secret.count, "a part lies in its secret")
                    unsafe secret.withPointer { source in
                        unsafe (memory + offset).update(from: source + range.lowerBound, count: range.count)
                    }
                }
                offset += part.count
            }
        }
    }

    /// A part of the secret, as a secret of its own.
    package func part(_ range: Range<Int>) throws -> SecretBytes { try SecretBytes(joining: [.secret(self, range)]) }

    /// One byte, to find one's way by: where a line ends, which kind of item starts.
    package subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "the index lies in the secret")
        return unsafe withPointer { unsafe $0[index] }
    }

    /// Bytes that lie among the secret and are none themselves.
    package func revealing(_ range: Range<Int>) -> [UInt8] { range.map { self[$0] } }

    // MARK: - Base64

    /// Base64 (RFC 4648), without line ends, in constant time.
    ///
    /// - Parameter forURL: by section 5 and without padding; else by section 4.
    package func base64Encoded(forURL: Bool = false) throws -> SecretBytes {
        let variant = Int32(forURL ? sodium_base64_VARIANT_URLSAFE_NO_PADDING : sodium_base64_VARIANT_ORIGINAL)
        let room = sodium_base64_encoded_len(count, variant)
        let terminated = try unsafe SecretBytes(count: room) { text in
            unsafe withPointer { bytes in
                _ = unsafe text.withMemoryRebound(to: CChar.self, capacity: room) { text in
                    unsafe sodium_bin2base64(text, room, bytes, count, variant)
                }
            }
        }
        // Without the NUL at its end.
        return try terminated.part(0..<room - 1)
    }

    /// What the Base64 text stands for; each has one text only.
    ///
    /// - Throws: ``SodiumError`` `encoding`.
    package func base64Decoded() throws -> SecretBytes {
        var length = 0
        let room = count / 4 * 3 + 1
        let padded = try unsafe SecretBytes(count: room) { bytes in
            let result = unsafe withPointer { text in
                unsafe text.withMemoryRebound(to: CChar.self, capacity: count) { text in
                    unsafe sodium_base642bin(
                        bytes,
                        room,
                        text,
                        count,
                        nil,
                        &length,
                        nil,
                        Int32(sodium_base64_VARIANT_ORIGINAL)
                    )
                }
            }
            guard result == 0 else { throw SodiumError(.encoding) }
        }
        return try padded.part(0..<length)
    }
}
