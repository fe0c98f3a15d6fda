package wordcount;

import java.nio.file.Files;
import java.nio.file.Paths;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.tuple.Fields;

/** Sentences in, words split, counts kept. */
public final class WordCountTopology {
    private WordCountTopology() {
    }

    /** Submits the topology: name, the number of workers (2 unless told), and a file of sentences (the bundled ones unless told). */
    public static void main(String[] args) throws Exception {
        if (args.length < 1 || args.length > 3) {
            System.err.println("usage: wordcount.WordCountTopology <topology name> [workers [file of sentences]]");
            System.exit(1);
        }
        int workers = args.length > 1 ? Integer.parseInt(args[1]) : 2;
        Config config = config(workers);
        if (args.length > 2) {
            config.put(SentenceSpout.SENTENCES, Files.readAllLines(Paths.get(args[2])));
        }
        StormSubmitter.submitTopology(args[0], config, topology(workers));
    }

    /** The topology: an executor of everything for each worker, and a second one of count. */
    public static StormTopology topology(int workers) {
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("sentences", new SentenceSpout(), workers);
        builder.setBolt("split", new SplitBolt(), workers).shuffleGrouping("sentences");
        // Twice the workers: a rebalance to more of them (-n) still has counting to give to each.
        builder.setBolt("count", new CountBolt(), 2 * workers).fieldsGrouping("split", new Fields("word"));
        return builder.createTopology();
    }

    /** The configuration: without ackers nothing is replayed, without a bound a slow bolt makes everything time out. */
    public static Config config(int workers) {
        Config config = new Config();
        config.setNumWorkers(workers);
        config.setNumAckers(workers);
        config.setMaxSpoutPending(10 * SentenceSpout.DEFAULT_RATE);
        config.setMessageTimeoutSecs(30);
        // Sleep rather than spin while words are milliseconds apart: a third of the CPU (seen). 1.2 does not know this key.
        config.put("topology.bolt.wait.progressive.level2.count", 0);
        return config;
    }
}
