import LinuxSystem
import Testing

@Suite("Use of the machine")
struct MachineUsageTests {
    @Test("processor time is what was spent, not what was idle, waited or stolen")
    func processors() {
        let text = "cpu  100 20 30 4000 500 6 7 800 90 10\ncpu0 100 20 30 4000 500 6 7 800 90 10\nintr 1 2\nbtime 1700000000\n"
        let time = ProcessorTime(parsing: text, ticks: 100)
        #expect(time.busyNanoseconds == 1_630_000_000)
        #expect(time.bootTime == 1_700_000_000)
    }

    @Test("the working set is neither free nor in files that nobody reads")
    func memory() {
        let text = "MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 650 kB\nInactive(anon): 5 kB\nInactive(file): 200 kB\n"
        #expect(MemoryInfo(parsing: text).workingSet == 500 << 10)
        #expect(MemoryInfo(parsing: "").workingSet == 0)
    }

    @Test("this machine has run for a while, has used some of its memory, and its disk's parts are within the whole")
    func here() throws {
        let time = ProcessorTime.read()
        #expect(time.bootTime > 0 && time.busyNanoseconds > 0)
        let memory = MemoryInfo.read()
        #expect(memory.workingSet > 0 && memory.workingSet < memory.total)
        let space = try FileSystemSpace(of: "/")
        #expect(space.usedBytes > 0 && space.usedBytes + space.availableBytes <= space.capacityBytes)
    }
}
