extension StringProtocol {
    /// The number that this page of `/metrics` has for a name with its labels; `nil` where it has none.
    package func metric(_ name: String) -> Double? {
        let line = split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) }
    }
}
