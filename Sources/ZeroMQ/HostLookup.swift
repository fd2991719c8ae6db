internal import Glibc

/// Finds the IP addresses of host names: libzmq can't for binding, and would hold up all its connections for connecting.
package enum HostLookup {
    /// The system's resolver blocks; one thread for it keeps the pool free.
    ///
    /// Made at first use, for the process's life.
    private static let thread = Result { () throws(ZeroMQError) in try SocketThread(name: "lookup") }

    /// The numeric addresses of a host, IPv4 first, or none where it can't be found.
    ///
    /// At once for a numeric one; takes as long as the system's resolver does for a name.
    package static func addresses(of host: String) async -> [String] {
        let numeric = resolve(host, flags: AI_NUMERICHOST)
        guard numeric.isEmpty, let thread = try? thread.get() else { return numeric }
        return await thread.perform { resolve(host, flags: 0) }
    }

    private static func resolve(_ host: String, flags: Int32) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = flags
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var found: [(family: Int32, text: String)] = []
        var next = unsafe list
        while let entry = unsafe next {
            var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let info = unsafe entry.pointee
            let status = unsafe getnameinfo(
                info.ai_addr,
                info.ai_addrlen,
                &buffer,
                socklen_t(buffer.count),
                nil,
                0,
                NI_NUMERICHOST
            )
            if status == 0 {
                let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if !found.contains(where: { $0.text == text }) { unsafe found.append((info.ai_family, text)) }
            }
            unsafe next = info.ai_next
        }
        return found.filter { $0.family == AF_INET }.map(\.text) + found.filter { $0.family != AF_INET }.map(\.text)
    }

    /// The endpoint as libzmq spells it.
    package static func endpoint(host: String, port: UInt16?) -> String {
        let port = port.map { "\($0)" } ?? "*"
        return host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
    }
}
