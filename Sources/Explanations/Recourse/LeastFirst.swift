/// What is still to be looked at, the cheapest first: a binary heap.
struct LeastFirst<Element> {
  private var items: [(cost: Double, element: Element)] = []

  var count: Int { items.count }

  mutating func add(_ element: Element, cost: Double) {
    items.append((cost, element))
    var child = items.count - 1
    while child > 0, items[child].cost < items[(child - 1) / 2].cost {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func take() -> (cost: Double, element: Element)? {
    guard let first = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return first }
    items[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < items.count && items[child].cost < items[least].cost {
        least = child
      }
      guard least != parent else { return first }
      items.swapAt(parent, least)
      parent = least
    }
  }
}
