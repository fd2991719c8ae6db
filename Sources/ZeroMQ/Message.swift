/// A message that came in.
package struct Message: Sendable {
    /// Its frames; on a ROUTER the first is the connection's routing id.
    package let frames: [[UInt8]]
    /// How many bytes these have in all.
    package var bytes: Int { frames.reduce(0) { $0 + $1.count } }
    /// Who sent it: the user id that the ZAP authoriser gave, the same on every frame.
    ///
    /// `nil` on sockets that connect (there the server's key is pinned instead), and if the frames disagreed.
    package let userID: String?
    /// The descriptor of the connection on which it came, where libzmq knows it.
    package let descriptor: Int32?
}
