/// A link of a log that isn't to the delta before in the same branch.
package struct Crossing: Hashable, Sendable {
    /// The delta that names the other one as a previous.
    package let child: Place
    /// The one that it names.
    package let parent: Place

    /// A link.
    package init(child: Place, parent: Place) {
        self.child = child
        self.parent = parent
    }
}
