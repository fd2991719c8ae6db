internal import CZeroMQ

extension Socket {
    /// How many bytes a CURVE key has, secret or public.
    package static let curveKeyCount = 32

    /// Makes it a CURVE server that admits whom the domain's authoriser admits, and no one while there is no answer.
    ///
    /// Before `bind`.
    ///
    /// libzmq alone lets everyone in unless a domain **and** its enforcement are set (libzmq#2594); here a server can't
    /// be had without either, nor before the ZAP handler is up, since that gives out the domains.
    ///
    /// - Parameter secret: The X25519 secret, 32 bytes; libzmq keeps a copy on the plain heap as long as the socket
    ///   lives.
    package func curveServer(secret: RawSpan, domain: ZAPDomain) throws(ZeroMQError) {
        try set(ZMQ_CURVE_SERVER, 1, "ZMQ_CURVE_SERVER")
        try set(ZMQ_CURVE_SECRETKEY, secret, "ZMQ_CURVE_SECRETKEY")
        try set(ZMQ_ZAP_DOMAIN, Array(domain.name.utf8), "ZMQ_ZAP_DOMAIN")
        try set(ZMQ_ZAP_ENFORCE_DOMAIN, 1, "ZMQ_ZAP_ENFORCE_DOMAIN")
        zapDomain = domain
        isCurveClient = false
    }

    /// Makes it a CURVE client that accepts one server's key only and shows its own.
    ///
    /// Before `connect`.
    ///
    /// - Parameter serverKey: The server's X25519 public key, 32 bytes.
    /// - Parameter publicKey: Our X25519 public key, 32 bytes: must be the secret's.
    /// - Parameter secret: Our X25519 secret, 32 bytes.
    package func curveClient(serverKey: [UInt8], publicKey: [UInt8], secret: RawSpan) throws(ZeroMQError) {
        precondition(
            serverKey.count == Self.curveKeyCount && publicKey.count == Self.curveKeyCount,
            "a CURVE key has 32 bytes"
        )
        try set(ZMQ_CURVE_SERVERKEY, serverKey, "ZMQ_CURVE_SERVERKEY")
        try set(ZMQ_CURVE_PUBLICKEY, publicKey, "ZMQ_CURVE_PUBLICKEY")
        try set(ZMQ_CURVE_SECRETKEY, secret, "ZMQ_CURVE_SECRETKEY")
        zapDomain = nil
        isCurveClient = true
    }

    /// How peers are authenticated, as libzmq itself tells.
    package var mechanism: Mechanism {
        get throws(ZeroMQError) {
            let number = try number(ZMQ_MECHANISM, "ZMQ_MECHANISM")
            guard let mechanism = Mechanism(rawValue: number) else { throw ZeroMQError(.system, "ZMQ_MECHANISM") }
            return mechanism
        }
    }

    /// What libzmq itself says is asked again before every bind: a setting that failed would leave the door open.
    func checkServer() throws(ZeroMQError) {
        guard
            let zapDomain,
            try mechanism == .curve,
            try number(ZMQ_CURVE_SERVER, "ZMQ_CURVE_SERVER") == 1,
            try number(ZMQ_ZAP_ENFORCE_DOMAIN, "ZMQ_ZAP_ENFORCE_DOMAIN") == 1,
            try text(ZMQ_ZAP_DOMAIN, "ZMQ_ZAP_DOMAIN") == zapDomain.name
        else { throw ZeroMQError(.insecure, "bind without CURVE and an enforced ZAP domain") }
    }

    func checkClient() throws(ZeroMQError) {
        guard
            isCurveClient,
            try mechanism == .curve,
            try number(ZMQ_CURVE_SERVER, "ZMQ_CURVE_SERVER") == 0
        else { throw ZeroMQError(.insecure, "connect without CURVE") }
    }

    private func set(_ option: Int32, _ secret: RawSpan, _ name: String) throws(ZeroMQError) {
        precondition(secret.byteCount == Self.curveKeyCount, "a CURVE key has 32 bytes")
        let socket = try unsafe pointer("zmq_setsockopt")
        let result = unsafe secret.withUnsafeBytes { bytes in
            unsafe zmq_setsockopt(socket, option, bytes.baseAddress, bytes.count)
        }
        guard result == 0 else { throw .last(name) }
    }

    private func text(_ option: Int32, _ name: String) throws(ZeroMQError) -> String {
        let socket = try unsafe pointer("zmq_getsockopt")
        var bytes = [UInt8](repeating: 0, count: 512)
        var size = bytes.count
        guard unsafe zmq_getsockopt(socket, option, &bytes, &size) == 0 else { throw .last(name) }
        return String(decoding: bytes.prefix(max(0, size - 1)), as: UTF8.self)
    }
}
