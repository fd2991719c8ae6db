internal import NIOCore

/// How long a connection may take for each of its parts, and how many there are at most.
///
/// Hummingbird's own idle timeout sees slow headers only: a body that drips resets it, and a reader that stalls holds its
/// connection for ever.
struct HTTPLimits: Sendable {
    /// Open connections (default 256), a fourth of the descriptors at most; beyond them the one that has kept us waiting
    /// longest makes room.
    var connections = 256
    /// Bytes of an answer that the kernel may hold for a slow reader (default 128 KiB, which Linux doubles).
    ///
    /// Left to itself it takes 4 MB for each.
    var sendBufferBytes = 128 * 1024
    /// From the accept to the end of the first request's header (default 10 s).
    var header = TimeAmount.seconds(10)
    /// From the end of the header to the end of the body, however it drips (default 30 s).
    var body = TimeAmount.seconds(30)
    /// Until the socket has taken a part of an answer, at most 64 KiB (default 20 s).
    var write = TimeAmount.seconds(20)
    /// From the end of an answer to the end of the next request's header (default 60 s).
    var idle = TimeAmount.seconds(60)
    /// From our closing to the peer's (default 2 s).
    var linger = TimeAmount.seconds(2)
    /// From the start of a graceful shutdown until what is left is cut (default 1 s).
    var shutdown = TimeAmount.seconds(1)
    /// Bytes of request bodies in memory, of all connections together (default 64 MiB).
    var bodyBytes = 64 * 1024 * 1024
}
