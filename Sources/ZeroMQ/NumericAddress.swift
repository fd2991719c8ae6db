internal import Glibc

/// An IP address as such, without a host's name or a port.
package struct NumericAddress: Hashable, Sendable {
    /// 16 bytes, IPv4 as IPv6 has it (RFC 4291, section 2.5.5.2).
    package let bytes: [UInt8]

    private static let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]

    /// Reads IPv4 in four parts, or IPv6 without a zone; `nil` for anything else.
    package init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            let parts = unsafe withUnsafeBytes(of: four) { unsafe Array($0) }
            bytes = Self.mapped + parts
        } else if unsafe inet_pton(AF_INET6, text, &six) == 1 {
            bytes = unsafe withUnsafeBytes(of: six) { unsafe Array($0) }
        } else {
            return nil
        }
    }

    /// The four bytes of IPv4.
    private var four: ArraySlice<UInt8>? { bytes.starts(with: Self.mapped) ? bytes[12...] : nil }

    /// Whether it is one of IPv4.
    package var isIPv4: Bool { four != nil }

    /// Whether it is one of IPv6 that means something on one link alone (RFC 4291, section 2.5.6).
    package var isLinkLocal: Bool { bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 }

    /// Whether it is that of the machine itself.
    package var isLoopback: Bool {
        four.map { $0.first == 127 } ?? (bytes == [UInt8](repeating: 0, count: 15) + [1])
    }

    /// Whether one machine can be there: it is neither unspecified nor for many.
    package var isOfOne: Bool {
        if let four { return four.first != 0 && four.first.map { $0 < 224 } ?? false }
        return bytes[0] != 0xff && bytes.contains { $0 != 0 }
    }

    /// Where the other end of a connection is; `nil` where there is none any more.
    package static func text(ofPeerOn descriptor: Int32) -> String? {
        var storage = sockaddr_storage()
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard unsafe getpeername(descriptor, address, &count) == 0 else { return -1 }
                return unsafe getnameinfo(address, count, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
            }
        }
        guard status == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .withoutIPv4Mapping
    }
}
