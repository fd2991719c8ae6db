/// A value of an option that can't be used, told by what is allowed.
package struct UnusableValue: Error, CustomStringConvertible {
    /// What is allowed.
    package let description: String

    package init(allowed: String) { description = "give " + allowed }
}
