package wordcount;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.utils.TupleUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts words in memory and logs a summary every few seconds. A replayed sentence counts again: at least once. */
public class CountBolt extends BaseBasicBolt {
    /** Topology configuration: milliseconds that counting a word takes in addition, in which it sleeps; default: 0. */
    public static final String MILLIS = "wordcount.count.millis";

    private static final Logger LOG = LoggerFactory.getLogger(CountBolt.class);
    private static final int LOG_SECONDS = 5;

    private transient Map<String, Long> counts;
    private transient long total;
    private transient long millis;

    /** Starts from nothing: a worker that is started again has forgotten its counts. */
    @Override
    @SuppressWarnings({"rawtypes", "unchecked"}) // As in SentenceSpout.
    public void prepare(Map conf, TopologyContext context) {
        counts = new HashMap<>();
        millis = ((Number) conf.getOrDefault(MILLIS, 0)).longValue();
    }

    /** Counts a word, or logs the summary when Storm's clock ticks. */
    @Override
    public void execute(Tuple tuple, BasicOutputCollector collector) {
        if (TupleUtils.isTick(tuple)) {
            LOG.info(summary());
        } else {
            counts.merge(tuple.getString(0), 1L, Long::sum);
            total++;
            pause();
        }
    }

    private void pause() {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // Its worker is being stopped.
        }
    }

    /** Declares nothing: the counts end here. */
    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
    }

    /** Asks Storm for the ticks. */
    @Override
    public Map<String, Object> getComponentConfiguration() {
        return Collections.singletonMap(Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS, LOG_SECONDS);
    }

    /** One line, of one form also before the first word: it is what the end-to-end test reads in worker.log. */
    String summary() {
        String most = counts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::toString)
                .orElse("none");
        return "counted " + total + " words, " + counts.size() + " different; most frequent: " + most;
    }
}
