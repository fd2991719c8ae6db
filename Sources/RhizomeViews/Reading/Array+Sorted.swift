extension Array where Element: Comparable {
    /// Whether these, which are in order, contain an element.
    ///
    /// - Complexity: O(log *n*).
    func contains(sorted element: Element) -> Bool {
        var range = indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = self[middle] < element ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound < endIndex && self[range.lowerBound] == element
    }
}
