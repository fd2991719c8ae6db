internal import Bytes
internal import DeterministicCBOR

/// A request's frame, opened as far as the name of its method: `[method, parameters…]` (spec: peering.md, "Requests").
struct PeerRequest {
    /// The name of the method that is asked for, known or not.
    let method: Text
    private let parameterCount: Int
    /// Stands before the parameters.
    private let parameters: CBORReader

    /// Reads the name.
    ///
    /// - Throws: `malformed`.
    init(opening bytes: [UInt8]) throws(PeerError) {
        var reader = CBORReader(bytes)
        do throws(CBORError) {
            parameterCount = try reader.array() - 1
            guard parameterCount >= 0 else { throw .unexpected(at: 0) }
            method = try reader.text()
        } catch {
            throw Self.error(error)
        }
        parameters = reader
    }

    /// Reads the parameters, and passes over those beyond the known ones.
    ///
    /// - Throws: `malformed` or `limit`.
    func read<Method: PeerMethod>(as method: Method.Type) throws(PeerError) -> Method {
        var reader = parameters
        do throws(CBORError) {
            guard parameterCount >= Method.parameterCount else { throw .unexpected(at: reader.offset) }
            let request = try Method(from: &reader)
            for _ in Method.parameterCount..<parameterCount { try reader.skip() }
            try reader.finish()
            return request
        } catch {
            throw Self.error(error)
        }
    }

    private static func error(_ error: CBORError) -> PeerError {
        error.code == .limit
            ? PeerError(.limit, "too many items for this method") : PeerError(.malformed, error.description)
    }
}
