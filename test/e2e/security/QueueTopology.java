// The example's topology with a spout whose sentences are in a queue outside the cluster (queue.ts), as in production: what a worker has
// under way when it ends is not lost with it.
package wordcount;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import org.apache.storm.StormSubmitter;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;

/** Sentences in, words split, counts kept. */
public final class QueueTopology {
    private static final int WORKERS = 2;

    private QueueTopology() {
    }

    /** Submits the topology: name. */
    public static void main(String[] args) throws Exception {
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("sentences", new QueueSpout(), WORKERS);
        builder.setBolt("split", new SplitBolt(), WORKERS).shuffleGrouping("sentences");
        builder.setBolt("count", new CountBolt(), 2 * WORKERS).fieldsGrouping("split", new Fields("word"));
        StormSubmitter.submitTopology(args[0], WordCountTopology.config(WORKERS), builder.createTopology());
    }

    /** Asks the queue for ids, and emits a sentence of the configuration with each. */
    public static class QueueSpout extends BaseRichSpout {
        private transient SpoutOutputCollector collector;
        private transient String sentence;
        private transient BufferedReader answers;
        private transient PrintWriter questions;
        private transient long periodNanos;
        private transient long lastNanos;

        /** Connects to the queue. */
        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            periodNanos = (long) (1e9 / ((Number) conf.get(SentenceSpout.RATE)).doubleValue());
            lastNanos = System.nanoTime() - periodNanos;
            sentence = (String) ((List<?>) conf.get(SentenceSpout.SENTENCES)).get(0);
            String[] queue = ((String) conf.get("test.queue")).split(":");
            try {
                Socket socket = new Socket(queue[0], Integer.parseInt(queue[1]));
                answers = new BufferedReader(new InputStreamReader(socket.getInputStream()));
                questions = new PrintWriter(socket.getOutputStream(), true);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            questions.println("open " + context.getThisTaskIndex());
        }

        /** Emits what the queue gives, which may be nothing, if a sentence is due. */
        @Override
        public void nextTuple() {
            long now = System.nanoTime();
            if (now - lastNanos < periodNanos) {
                return; // Storm's wait strategy sleeps after a call that emits nothing.
            }
            lastNanos = now;
            questions.println("next");
            try {
                String id = answers.readLine();
                if (!id.isEmpty()) {
                    collector.emit(new Values(sentence), id);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Tells the queue. */
        @Override
        public void ack(Object id) {
            questions.println("ack " + id);
        }

        /** Tells the queue, which gives it again. */
        @Override
        public void fail(Object id) {
            questions.println("fail " + id);
        }

        /** Declares the one field, sentence. */
        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("sentence"));
        }
    }
}
