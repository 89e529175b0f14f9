import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import moa.classifiers.core.driftdetection.ADWIN;
import moa.classifiers.core.driftdetection.PageHinkleyDM;

/** MOA's detectors over a file of a value a line: MoaDetectors adwin|page-hinkley FILE. The loop alone is timed. */
public class MoaDetectors {
  public static void main(String[] arguments) throws IOException {
    double[] values;
    try (var lines = Files.lines(Path.of(arguments[1]))) {
      values = lines.mapToDouble(Double::parseDouble).toArray();
    }
    int alarms = 0;
    long start;
    if (arguments[0].equals("adwin")) {
      var detector = new ADWIN(0.002);
      start = System.nanoTime();
      for (double value : values) {
        if (detector.setInput(value)) alarms++;
      }
    } else {
      var detector = new PageHinkleyDM();
      detector.prepareForUse();
      detector.resetLearning();
      start = System.nanoTime();
      for (double value : values) {
        detector.input(value);
        if (detector.getChange()) alarms++;
      }
    }
    System.out.printf("loop_seconds %.6f alarms %d%n", (System.nanoTime() - start) / 1e9, alarms);
  }
}
