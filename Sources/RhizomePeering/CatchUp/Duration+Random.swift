internal import Bytes

extension Duration {
    /// A random one, as long as another at most.
    static func random(upTo longest: Duration) -> Duration { .microseconds(Int64.random(in: 0...longest.microseconds)) }
}
