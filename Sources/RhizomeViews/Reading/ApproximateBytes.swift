internal import Bytes
internal import RhizomeCore
package import StrictJSON

extension ViewedDelta {
    /// About how many bytes of memory the delta takes: measured, about 400 and its pointers.
    var approximateBytes: Int {
        pointers.reduce(400) { bytes, pointer in
            let target =
                switch pointer.target {
                case .entity(let id, let context): id.count + context.count
                case .value(let value): value.approximateBytes
                }
            return bytes + 100 + pointer.localContext.count + target
        }
    }
}

extension Value {
    /// About how many bytes of memory the value takes besides its place.
    var approximateBytes: Int { if case .text(let text) = self { text.count } else { 0 } }
}

extension Assertion {
    /// About how many bytes of memory it takes.
    var approximateBytes: Int { value.approximateBytes + delta.approximateBytes }
}

extension EntityHistory.Change {
    /// About how many bytes of memory it takes.
    var approximateBytes: Int { MemoryLayout<Self>.stride + property.count + value.approximateBytes }
}

extension JSONValue {
    /// About how many bytes of memory the value takes.
    package var approximateBytes: Int {
        switch self {
        case .null, .bool, .integer, .float: 40
        case .text(let text): 40 + text.count
        case .array(let items): items.reduce(40) { $0 + $1.approximateBytes }
        case .object(let object): object.approximateBytes
        }
    }
}

extension JSONObject {
    /// About how many bytes of memory the object takes.
    package var approximateBytes: Int { members.reduce(40) { $0 + 150 + $1.name.count + $1.value.approximateBytes } }
}
