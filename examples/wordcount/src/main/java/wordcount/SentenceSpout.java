package wordcount;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Emits the sentences over and over, each with a message id, and again those that failed. */
public class SentenceSpout extends BaseRichSpout {
    /** Topology configuration: sentences per second of each task; 0 for as many as Storm asks for. */
    public static final String RATE = "wordcount.sentences.per.second";

    /** Topology configuration: the sentences; default: the bundled ones. */
    public static final String SENTENCES = "wordcount.sentences";

    static final int DEFAULT_RATE = 50;

    private static final Logger LOG = LoggerFactory.getLogger(SentenceSpout.class);
    private static final long LOG_NANOS = TimeUnit.SECONDS.toNanos(5);

    private transient SpoutOutputCollector collector;
    private transient List<String> sentences;
    /** What is out and neither acked nor given up; a failed sentence stays here until it is acked. */
    private transient Map<Object, String> pending;
    private transient Queue<Object> failed;
    private transient long emitted;
    private transient long periodNanos;
    private transient long lastNanos;
    private transient long acked;
    private transient long replayed;
    private transient long loggedNanos;
    private transient boolean active;

    /** Reads the sentences and the rate. */
    @Override
    @SuppressWarnings({"rawtypes", "unchecked"}) // Raw: the one signature that overrides that of 1.2 and of 2.x.
    public void open(Map conf, TopologyContext context, SpoutOutputCollector collector) {
        this.collector = collector;
        sentences = conf.containsKey(SENTENCES) ? (List<String>) conf.get(SENTENCES) : readSentences();
        pending = new HashMap<>();
        failed = new ArrayDeque<>();
        double rate = ((Number) conf.getOrDefault(RATE, DEFAULT_RATE)).doubleValue();
        periodNanos = rate > 0 ? (long) (1e9 / rate) : 0;
        lastNanos = System.nanoTime() - periodNanos;
        loggedNanos = System.nanoTime();
        active = true;
    }

    /** Emits one sentence if one is due, a failed one first. */
    @Override
    public void nextTuple() {
        long now = System.nanoTime();
        if (now - loggedNanos >= LOG_NANOS) {
            loggedNanos = now;
            LOG.info(summary());
        }
        if (now - lastNanos < periodNanos) {
            return; // Storm's wait strategy sleeps after a call that emits nothing.
        }
        lastNanos = now;
        Object id = failed.poll();
        if (id == null) {
            id = emitted;
            pending.put(id, sentences.get((int) (emitted++ % sentences.size())));
        } else {
            replayed++;
        }
        collector.emit(new Values(pending.get(id)), id);
    }

    /** Forgets a sentence all of whose words were counted. */
    @Override
    public void ack(Object id) {
        if (pending.remove(id) != null) {
            acked++;
        }
        if (!active && pending.isEmpty()) {
            LOG.info(summary());
        }
    }

    /** Queues a sentence that failed or timed out to be emitted again. */
    @Override
    public void fail(Object id) {
        failed.add(id);
    }

    /** Goes on. */
    @Override
    public void activate() {
        active = true;
    }

    /** Emits nothing until it is active again; what is under way may still be acked. */
    @Override
    public void deactivate() {
        active = false;
        LOG.info(summary());
    }

    /** One line: it is what the end-to-end tests read in worker.log. */
    String summary() {
        return "emitted " + emitted + " sentences: " + acked + " acked, " + pending.size() + " under way; " + replayed + " emissions were replays";
    }

    /** Declares the one field, sentence. */
    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields("sentence"));
    }

    int pending() {
        return pending.size();
    }

    static List<String> readSentences() {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                SentenceSpout.class.getResourceAsStream("sentences.txt"), StandardCharsets.UTF_8))) {
            return reader.lines().filter(line -> !line.isEmpty()).collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
