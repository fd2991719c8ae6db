extension Array {
    /// The elements in parts of this size, in their order; the last part may be smaller.
    package func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }

    /// The elements in parts that weigh this much at most, in their order; what alone weighs more is a part of its own.
    package func chunks(weighing most: Int, by weight: (Element) -> Int) -> [[Element]] {
        var chunks: [[Element]] = []
        var start = startIndex
        var sum = 0
        for place in indices {
            let weight = weight(self[place])
            if place > start, sum > most - weight {
                chunks.append(Array(self[start..<place]))
                start = place
                sum = 0
            }
            sum += weight
        }
        if start < endIndex { chunks.append(Array(self[start...])) }
        return chunks
    }
}
